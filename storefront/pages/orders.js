// The visitor's orders, newest first.
import { html, nothing } from "/vendor/lit-html.js";
import { errorNotice, loading, orderPath } from "/shop/components.js";
import { openPage } from "/shop/layout.js";
import { callApi, currentSession } from "/shop/session.js";
import { formatMoney, formatTime, t } from "/shop/texts.js";

const PAGE_SIZE = 20;

const draw = openPage(t.orders.title);
const state = { orders: null, next: null, busy: false, error: null };

function page() {
  const { orders, next, busy, error } = state;
  return html`
    <section class="narrow" aria-labelledby="title">
      <h1 id="title">${t.orders.title}</h1>
      ${currentSession() ? nothing : html`<p class="muted">${t.orders.guest} <a href="/sign-in">${t.signIn.title}</a></p>`}
      ${orders?.length === 0 ? html`
        <div class="notice"><p>${t.orders.empty}</p><a class="button" href="/">${t.basket.continueShopping}</a></div>` : nothing}
      ${orders?.length ? html`<ul class="order-cards">${orders.map(orderCard)}</ul>` : nothing}
      ${busy ? loading() : nothing}
      ${error ? errorNotice(error, loadMore) : nothing}
      ${next && !busy && !error ? html`
        <p class="load-more"><button class="button" type="button" @click=${loadMore}>${t.orders.more}</button></p>` : nothing}
    </section>`;
}

function orderCard({ order_id: id, status, total, line_count: lineCount, placed_at: placedAt }) {
  return html`
    <li><a class="order-card" href=${orderPath(id)}>
      <span class="status" data-status=${status}>${t.order.statuses[status] ?? status}</span>
      <span>${formatTime(placedAt)}</span>
      <span>${t.orders.lines(lineCount)}</span>
      <span class="price">${formatMoney(total)}</span>
    </a></li>`;
}

async function loadMore() {
  Object.assign(state, { busy: true, error: null });
  draw(page());
  try {
    const query = new URLSearchParams({ limit: PAGE_SIZE, ...(state.next ? { cursor: state.next } : {}) });
    const { body } = await callApi("GET", `/orders?${query}`);
    Object.assign(state, { orders: [...(state.orders ?? []), ...body.items], next: body.next });
  } catch (error) {
    state.error = error;
  }
  state.busy = false;
  draw(page());
}

loadMore();
