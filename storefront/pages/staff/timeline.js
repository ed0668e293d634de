// One order for staff: its status, its timeline with every event, and the actions on it.
import { html, nothing } from "/vendor/lit-html.js";
import { cancellationNote, errorNotice, field, loading } from "/shop/components.js";
import { callSignedIn } from "/shop/session.js";
import { formatMoney, formatTime, t } from "/shop/texts.js";
import { returnLink } from "./links.js";
import { resultMessage, run } from "./table.js";

const texts = t.staff.order;
const HIDDEN_FIELDS = new Set(["order_id", "owner", "contact_id"]); // the same in every event
const CANCELLABLE = new Set(["placed", "confirmed"]);
const MAX_POLLS = 10;
const POLL_MS = 1000;
/** The events that are steps of the customer's timeline, and the types of these steps. */
const STEP_TYPES = {
  OrderPlaced: "placed",
  OrderConfirmed: "confirmed",
  OrderRejected: "rejected",
  CancellationRequested: "cancellation-requested",
  OrderCancelled: "cancelled",
  ShipmentDispatched: "dispatched",
  ParcelDelivered: "delivered",
  ReturnAccepted: "return-accepted",
  PaymentRefunded: "refunded",
};

export function orderTimeline(draw, id) {
  const state = { order: null, events: null, returns: null, error: null };
  const result = { message: null, error: null };
  const encodedId = encodeURIComponent(id);
  const path = `/staff/orders/${encodedId}`;

  function show() {
    draw(html`
      <p class="actions"><a href="/staff?view=orders">${texts.back}</a></p>
      ${state.order ? details(state.order) : nothing}
      ${state.error ? errorNotice(state.error, load) : nothing}
      ${state.order || state.error ? nothing : loading()}`);
  }

  function details(order) {
    return html`
      <section class="panel" aria-labelledby="order">
        <h2 id="order">${t.order.statuses[order.status] ?? order.status}</h2>
        <p class="muted">${t.order.number} <code>${order.order_id}</code><br>${t.order.placedAt} ${formatTime(order.placed_at)}</p>
        ${order.rejection ? html`<p class="note">${order.rejection.message}</p>` : nothing}
        ${order.cancellation ? cancellationNote(order.cancellation, texts.cancellation) : nothing}
        ${order.parcel ? html`<p>${t.order.parcel(order.parcel.carrier, order.parcel.tracking_number)}</p>` : nothing}
        <ul class="compact-list">${order.lines.map((line) => html`
          <li><span>${line.quantity} × ${line.name}</span> <span class="price">${formatMoney(line.line_total)}</span></li>`)}</ul>
        <dl class="totals">
          <div><dt>${t.order.shipping}</dt><dd>${formatMoney(order.shipping)}</dd></div>
          <div class="total"><dt>${t.order.total}</dt><dd>${formatMoney(order.total)}</dd></div>
        </dl>
        ${resultMessage(result)}
        ${order.status === "confirmed" ? html`
          <p class="actions"><button class="button" type="button" @click=${dispatch}>${texts.dispatch}</button></p>` : nothing}
        ${CANCELLABLE.has(order.status) && !order.cancellation ? cancellationForm() : nothing}
        ${state.returns.length ? html`
          <h2>${texts.returns}</h2>
          <ul class="compact-list">${state.returns.map(returnItem)}</ul>` : nothing}
        <h2>${texts.timeline}</h2>
        ${state.events.length ? html`<ol class="timeline">${state.events.map(eventItem)}</ol>` : html`<p>${texts.noEvents}</p>`}
      </section>`;
  }

  function cancellationForm() {
    return html`
      <details><summary>${texts.cancel}</summary>
        <form @submit=${cancel}>
          ${field("reason", texts.cancelReason, { error: result.error?.fieldError?.("/reason") })}
          <p class="actions"><button class="button plain">${texts.confirmCancel}</button></p>
        </form></details>`;
  }

  function returnItem({ return_id: returnId, lines, status }) {
    return html`
      <li><a href=${returnLink(returnId)}>${lines.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(", ")}</a>
        <span>${t.order.returnStatuses[status] ?? status}</span></li>`;
  }

  function eventItem({ event, service, at, data }) {
    const step = t.order.steps[STEP_TYPES[event]];
    const shown = Object.fromEntries(Object.entries(data).filter(([name]) => !HIDDEN_FIELDS.has(name)));
    return html`
      <li><span><strong>${step ?? event}</strong>${step ? ` · ${event}` : nothing} ${texts.by(service)}</span> <time datetime=${at}>${formatTime(at)}</time>
        <details><summary>${texts.data}</summary><pre tabindex="0">${JSON.stringify(shown, null, 2)}</pre></details></li>`;
  }

  // --- actions: repeated, each takes effect once ----------------------------------------------

  const dispatch = () => run(result, show, async () => {
    const { body } = await callSignedIn("POST", `/staff/shipments/${encodedId}/dispatch`, { body: {} });
    result.message = texts[body.status];
    await pollUntilChanged();
  });

  function cancel(event) {
    event.preventDefault();
    const reason = new FormData(event.target).get("reason").trim();
    return run(result, show, async () => {
      await callSignedIn("POST", `${path}/cancellation`, { body: { reason } });
      result.message = texts.cancellationRequested;
      await pollUntilChanged();
    });
  }

  /** Loads the order until other services have changed it, at most ten times. */
  async function pollUntilChanged() {
    const before = state.order.status;
    const isUnchanged = ({ status, cancellation: requested }) => status === before || requested?.outcome === "undecided";
    for (let polls = 0; polls < MAX_POLLS && isUnchanged(state.order); polls += 1) {
      if (polls) await new Promise((resolve) => { setTimeout(resolve, POLL_MS); });
      await load();
    }
  }

  // --- loading --------------------------------------------------------------------------------

  async function load() {
    state.error = null;
    show();
    try {
      const [order, returns, events] = await Promise.all([
        callSignedIn("GET", path), callSignedIn("GET", `${path}/returns`), loadEvents(),
      ]);
      Object.assign(state, { order: order.body, returns: returns.body.items, events });
    } catch (error) {
      state.error = error.status === 404 ? { message: texts.missing } : error;
    }
    show();
  }

  /** The timeline is a moment behind the order: at first it answers 404. */
  async function loadEvents() {
    try {
      return (await callSignedIn("GET", `${path}/timeline`)).body.items;
    } catch (error) {
      if (error.status !== 404) throw error;
      return [];
    }
  }

  load();
}
