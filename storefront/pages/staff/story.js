// One order with all that any room said of it.
import { html, nothing } from "/vendor/lit-html.js";
import { troubled, waiting } from "/shop/parts.js";
import { moment, money, t } from "/shop/texts.js";
import { callSignedIn } from "/shop/visitor.js";

const words = t.staff.order;
const TECHNICAL = new Set(["order_id", "owner", "contact_id"]); // of no use to whoever reads on

export function story(draw, id) {
  const state = { order: null, said: null, trouble: null };
  const path = `/staff/orders/${encodeURIComponent(id)}`;

  function show() {
    draw(html`
      <p class="go"><a href="/staff?view=orders">${words.back}</a></p>
      ${state.order ? told(state.order) : nothing}
      ${state.trouble ? troubled(state.trouble, look) : nothing}
      ${state.order || state.trouble ? nothing : waiting()}`);
  }

  function told(order) {
    return html`
      <section class="panel" aria-labelledby="order">
        <h2 id="order">${t.order.states[order.status] ?? order.status}</h2>
        <p class="quiet">${t.order.number} <code>${order.order_id}</code><br>${t.order.placedAt} ${moment(order.placed_at)}</p>
        ${order.rejection ? html`<p class="note">${order.rejection.says}</p>` : nothing}
        ${order.cancellation ? html`<p class="note">${words.cancellation[order.cancellation.outcome]}</p>` : nothing}
        ${order.parcel ? html`<p>${t.order.parcel(order.parcel.carrier, order.parcel.tracking_number)}</p>` : nothing}
        <ul class="short">${order.lines.map((line) => html`
          <li><span>${line.quantity} × ${line.name}</span> <span class="price">${money(line.line_total)}</span></li>`)}</ul>
        <dl class="sums">
          <div><dt>${t.order.shipping}</dt><dd>${money(order.shipping)}</dd></div>
          <div class="total"><dt>${t.order.total}</dt><dd>${money(order.total)}</dd></div>
        </dl>
        <h2>${words.story}</h2>
        ${state.said.length ? html`<ol class="history">${state.said.map(fact)}</ol>` : html`<p>${words.silent}</p>`}
      </section>`;
  }

  function fact({ fact: name, room, at, body }) {
    const shown = Object.fromEntries(Object.entries(body).filter(([key]) => !TECHNICAL.has(key)));
    return html`
      <li><span><strong>${name}</strong> ${words.by(room)}</span> <time datetime=${at}>${moment(at)}</time>
        <details><summary>${words.says}</summary><pre tabindex="0">${JSON.stringify(shown, null, 2)}</pre></details></li>`;
  }

  async function look() {
    Object.assign(state, { trouble: null });
    show();
    try {
      const [order, said] = await Promise.all([callSignedIn("GET", path), heard()]);
      Object.assign(state, { order: order.body, said });
    } catch (trouble) {
      state.trouble = trouble.status === 404 ? { message: words.missing } : trouble;
    }
    show();
  }

  /** The journal hears of an order a moment after it is there. */
  async function heard() {
    try {
      return (await callSignedIn("GET", `${path}/timeline`)).body.items;
    } catch (trouble) {
      if (trouble.status !== 404) throw trouble;
      return [];
    }
  }

  look();
}
