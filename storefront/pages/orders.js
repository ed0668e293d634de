// The orders of whoever is here, newest first.
import { html, nothing } from "/vendor/lit-html.js";
import { open } from "/shop/frame.js";
import { orderPath, troubled, waiting } from "/shop/parts.js";
import { moment, money, t } from "/shop/texts.js";
import { call, session } from "/shop/visitor.js";

const PAGE_SIZE = 20;

const draw = open(t.orders.title);
const state = { orders: null, next: null, busy: false, trouble: null };

function page() {
  const { orders, next, busy, trouble } = state;
  return html`
    <section class="narrow" aria-labelledby="title">
      <h1 id="title">${t.orders.title}</h1>
      ${session() ? nothing : html`<p class="quiet">${t.orders.guest} <a href="/sign-in">${t.signIn.title}</a></p>`}
      ${orders?.length === 0 ? html`
        <div class="notice"><p>${t.orders.empty}</p><a class="button" href="/">${t.basket.look}</a></div>` : nothing}
      ${orders?.length ? html`<ul class="cards">${orders.map(card)}</ul>` : nothing}
      ${busy ? waiting() : nothing}
      ${trouble ? troubled(trouble, more) : nothing}
      ${next && !busy && !trouble ? html`
        <p class="more"><button class="button" type="button" @click=${more}>${t.orders.more}</button></p>` : nothing}
    </section>`;
}

function card({ order_id: id, status, total, line_count: lines, placed_at: at }) {
  return html`
    <li><a class="order-card" href=${orderPath(id)}>
      <span class="state" data-state=${status}>${t.order.states[status] ?? status}</span>
      <span>${moment(at)}</span>
      <span>${t.orders.lines(lines)}</span>
      <span class="price">${money(total)}</span>
    </a></li>`;
}

async function more() {
  Object.assign(state, { busy: true, trouble: null });
  draw(page());
  try {
    const query = new URLSearchParams({ limit: PAGE_SIZE, ...(state.next ? { cursor: state.next } : {}) });
    const { body } = await call("GET", `/orders?${query}`);
    Object.assign(state, { orders: [...(state.orders ?? []), ...body.items], next: body.next });
  } catch (trouble) {
    state.trouble = trouble;
  }
  state.busy = false;
  draw(page());
}

more();
