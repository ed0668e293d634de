// One order with all that any room said of it, and what staff can do about it.
import { html, nothing } from "/vendor/lit-html.js";
import { cancellation, field, troubled, waiting } from "/shop/parts.js";
import { moment, money, t } from "/shop/texts.js";
import { callSignedIn } from "/shop/visitor.js";
import { returnAt } from "./addresses.js";
import { outcome, trying } from "./table.js";

const words = t.staff.order;
const TECHNICAL = new Set(["order_id", "owner", "contact_id"]); // of no use to whoever reads on
const NOT_SENT = new Set(["placed", "confirmed"]);
const LOOKS = 10; // so often, a second apart, until the order has heard of what was done
const SECOND = 1000;

export function story(draw, id) {
  const state = { order: null, said: null, returns: null, trouble: null };
  const deed = { said: null, trouble: null };
  const number = encodeURIComponent(id);
  const path = `/staff/orders/${number}`;

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
        ${order.cancellation ? cancellation(order.cancellation, words.cancellation) : nothing}
        ${order.parcel ? html`<p>${t.order.parcel(order.parcel.carrier, order.parcel.tracking_number)}</p>` : nothing}
        <ul class="short">${order.lines.map((line) => html`
          <li><span>${line.quantity} × ${line.name}</span> <span class="price">${money(line.line_total)}</span></li>`)}</ul>
        <dl class="sums">
          <div><dt>${t.order.shipping}</dt><dd>${money(order.shipping)}</dd></div>
          <div class="total"><dt>${t.order.total}</dt><dd>${money(order.total)}</dd></div>
        </dl>
        ${outcome(deed)}
        ${order.status === "confirmed" ? html`
          <p class="go"><button class="button" type="button" @click=${dispatch}>${words.dispatch}</button></p>` : nothing}
        ${NOT_SENT.has(order.status) && !order.cancellation ? cancelling() : nothing}
        ${state.returns.length ? html`
          <h2>${words.returns}</h2>
          <ul class="short">${state.returns.map(returned)}</ul>` : nothing}
        <h2>${words.story}</h2>
        ${state.said.length ? html`<ol class="history">${state.said.map(fact)}</ol>` : html`<p>${words.silent}</p>`}
      </section>`;
  }

  function cancelling() {
    return html`
      <details><summary>${words.cancel}</summary>
        <form @submit=${cancel}>
          ${field("reason", words.why, { error: deed.trouble?.field?.("/reason") })}
          <p class="go"><button class="button plain">${words.send}</button></p>
        </form></details>`;
  }

  function returned({ return_id: back, lines, status }) {
    return html`
      <li><a href=${returnAt(back)}>${lines.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(", ")}</a>
        <span>${t.order.returnStates[status] ?? status}</span></li>`;
  }

  function fact({ fact: name, room, at, body }) {
    const shown = Object.fromEntries(Object.entries(body).filter(([key]) => !TECHNICAL.has(key)));
    return html`
      <li><span><strong>${name}</strong> ${words.by(room)}</span> <time datetime=${at}>${moment(at)}</time>
        <details><summary>${words.says}</summary><pre tabindex="0">${JSON.stringify(shown, null, 2)}</pre></details></li>`;
  }

  // --- what staff do: each of it twice is once ------------------------------------------------

  const dispatch = () => trying(deed, show, async () => {
    const { body } = await callSignedIn("POST", `/staff/shipments/${number}/dispatch`, { body: {} });
    deed.said = words[body.state];
    await follow();
  });

  function cancel(event) {
    event.preventDefault();
    const reason = new FormData(event.target).get("reason").trim();
    return trying(deed, show, async () => {
      await callSignedIn("POST", `${path}/cancel`, { body: { reason } });
      deed.said = words.asked;
      await follow();
    });
  }

  /** Rooms hear of each other in a moment. */
  async function follow() {
    const before = state.order.status;
    const isMoving = ({ status, cancellation: asked }) => status === before || asked?.outcome === "undecided";
    for (let looks = 0; looks < LOOKS && isMoving(state.order); looks += 1) {
      if (looks) await new Promise((resolve) => { setTimeout(resolve, SECOND); });
      await look();
    }
  }

  // --- looking --------------------------------------------------------------------------------

  async function look() {
    state.trouble = null;
    show();
    try {
      const [order, back, said] = await Promise.all([
        callSignedIn("GET", path), callSignedIn("GET", `${path}/returns`), heard(),
      ]);
      Object.assign(state, { order: order.body, returns: back.body.items, said });
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
