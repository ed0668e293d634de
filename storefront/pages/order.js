// One order: polled until it is confirmed or rejected; then cancelled or returned, where possible.
import { html, nothing } from "/vendor/lit-html.js";
import { cancellationNote, errorNotice, loading } from "/shop/components.js";
import { openPage } from "/shop/layout.js";
import { callApi, newIdempotencyKey } from "/shop/session.js";
import { formatMoney, formatTime, t } from "/shop/texts.js";

const UNDECIDED = new Set(["placed", "rejecting"]);
// An undecided order is polled at intervals as long as the time waited so far, within these bounds.
const MIN_POLL_MS = 300;
const MAX_POLL_MS = 1000;
// After a minute, or when the shop does not respond, the interval is longer.
const SLOW_POLL_MS = 5000;
const FAST_POLLING_MS = 60_000;
const CREATION_MS = 30_000; // how long after checkout the order may not exist yet (404)

const id = new URLSearchParams(location.search).get("id") ?? "";
const path = `/orders/${encodeURIComponent(id)}`;
const draw = openPage(t.order.title);
const openedAt = Date.now();
const state = { order: null, timeline: null, returns: null, error: null, isConfirmingCancel: false };

function page() {
  const { order, error } = state;
  if (!order) return error ? errorNotice(error, poll) : loading(t.order.creating);
  return html`
    <section class="narrow" aria-labelledby="title">
      <h1 id="title">${t.order.statuses[order.status] ?? order.status}</h1>
      <div role="status">
        <p class="lead">${order.rejection?.message ?? t.order.descriptions[order.status]}</p>
        ${order.parcel ? html`<p>${t.order.parcel(order.parcel.carrier, order.parcel.tracking_number)}</p>` : nothing}
        ${order.cancellation ? cancellationNote(order.cancellation, t.order.cancellation) : nothing}
        ${UNDECIDED.has(order.status) ? html`<p><span class="spinner"></span></p>` : nothing}
      </div>
      ${error ? html`<p class="note" role="alert">${error.status ? error.message : t.order.stale}</p>` : nothing}
      ${timeline()}
      ${lines(order)}
      ${actions(order)}
      <p class="muted">${t.order.number} <code>${order.order_id}</code><br>${t.order.placedAt} ${formatTime(order.placed_at)}</p>
      <p class="actions"><a class="button" href="/">${t.basket.continueShopping}</a></p>
    </section>`;
}

/** The steps of the timeline or, until it is loaded, the status changes that the order itself has. */
function timeline() {
  const steps = state.timeline ?? state.order.history.map(({ status, at }) => ({ type: status, at }));
  return html`
    <h2>${t.order.timeline}</h2>
    <ol class="timeline">${steps.map(({ type, message, at }) => html`
      <li><span>${t.order.steps[type] ?? type}</span> <time datetime=${at}>${formatTime(at)}</time>
        ${message ? html`<br><span class="muted">${message}</span>` : nothing}</li>`)}</ol>`;
}

function lines(order) {
  return html`
    <h2>${t.order.lines}</h2>
    <ul class="compact-list">${order.lines.map((line) => html`
      <li><span>${line.quantity} × ${line.name}</span> <span class="price">${formatMoney(line.line_total)}</span></li>`)}</ul>
    <dl class="totals">
      <div><dt>${t.basket.subtotal}</dt><dd>${formatMoney(order.subtotal)}</dd></div>
      <div><dt>${t.checkout.options[order.shipping_option] ?? t.order.shipping}</dt><dd>${formatMoney(order.shipping)}</dd></div>
      <div class="total"><dt>${t.order.total}</dt><dd>${formatMoney(order.total)}</dd></div>
    </dl>`;
}

// --- cancelling and returning: without these routes, the buttons are not shown ------------------

function actions(order) {
  const canCancel = order.status === "confirmed" && "cancellation" in order && !order.cancellation;
  return html`
    ${canCancel ? cancelAction() : nothing}
    ${order.status === "delivered" && state.returns ? returnAction(order) : nothing}`;
}

function cancelAction() {
  const setConfirming = (isConfirming) => () => { state.isConfirmingCancel = isConfirming; draw(page()); };
  return state.isConfirmingCancel ? html`
    <p class="actions"><strong>${t.order.confirmCancel}</strong>
      <button class="button" type="button" @click=${cancel}>${t.order.cancel}</button>
      <button class="button plain" type="button" @click=${setConfirming(false)}>${t.order.keep}</button></p>` : html`
    <p class="actions"><button class="button plain" type="button" @click=${setConfirming(true)}>${t.order.cancel}</button></p>`;
}

async function cancel() {
  state.isConfirmingCancel = false;
  await send(() => callApi("POST", `${path}/cancellation`));
}

function returnAction(order) {
  const returnable = order.lines
    .map((line) => ({ ...line, quantity: line.quantity - quantityInReturns(line.sku) }))
    .filter(({ quantity }) => quantity > 0);
  return html`
    ${state.returns.length ? html`
      <h2>${t.order.returns}</h2>
      <ul class="compact-list">${state.returns.map(returnItem)}</ul>` : nothing}
    ${returnable.length ? html`
      <details><summary>${t.order.returnItems}</summary>
        <form class="return" @submit=${requestReturn}>
          <p>${t.order.returnHint}</p>
          ${returnable.map(({ sku, name, quantity }) => html`
            <p class="field"><label for="return-${sku}">${name}</label>
              <input id="return-${sku}" name=${sku} type="number" min="0" max=${quantity} value="0" required></p>`)}
          <p class="field"><label for="return-reason">${t.order.returnReason} <small>${t.optional}</small></label>
            <input id="return-reason" maxlength="200" autocomplete="off"></p>
          <p class="actions"><button class="button">${t.order.requestReturn}</button></p>
        </form></details>` : nothing}`;
}

function returnItem({ lines: returnLines, status, refund, rejection_reason: rejectionReason }) {
  const note = rejectionReason ?? (refund ? t.order.refund(formatMoney(refund)) : null);
  return html`
    <li><span>${returnLines.map(({ sku, quantity }) => `${quantity} × ${nameOf(sku)}`).join(", ")}
        ${note ? html`<br><span class="muted">${note}</span>` : nothing}</span>
      <span>${t.order.returnStatuses[status] ?? status}</span></li>`;
}

const nameOf = (sku) => state.order.lines.find((line) => line.sku === sku)?.name ?? sku;

/** The quantity in returns that are requested or accepted. Items of a rejected return can be returned again. */
function quantityInReturns(sku) {
  const returnLines = state.returns.filter(({ status }) => status !== "rejected").flatMap((item) => item.lines);
  return returnLines.reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0);
}

async function requestReturn(event) {
  event.preventDefault();
  const form = event.target;
  const quantities = [...new FormData(form)].map(([sku, text]) => ({ sku, quantity: Number(text) }));
  const body = { lines: quantities.filter(({ quantity }) => quantity > 0) };
  const reason = form.querySelector("#return-reason").value.trim();
  if (reason) body.reason = reason;
  if (!body.lines.length) {
    state.error = { status: 422, message: t.order.returnEmpty };
    draw(page());
    return;
  }
  form.dataset.key ??= newIdempotencyKey(); // sent again, the form is the same return
  await send(async () => {
    try {
      await callApi("POST", `${path}/returns`, { body, headers: { "idempotency-key": form.dataset.key } });
    } catch (error) {
      if (error.isFinal) delete form.dataset.key; // nothing was created: the next attempt is a new return
      throw error;
    }
    delete form.dataset.key;
    form.reset();
    form.closest("details").open = false;
  });
}

/** Sends a request, then polls for its outcome. */
async function send(request) {
  try {
    await request();
    await poll();
  } catch (error) {
    state.error = error;
    draw(page());
  }
}

// --- polling ------------------------------------------------------------------------------------

async function load() {
  state.order = (await callApi("GET", path)).body;
  state.timeline = isUndecided() ? null : await loadTimeline();
  state.returns = state.order.status === "delivered" ? await loadReturns() : null;
}

/** Null without the route, or while the timeline is behind the order. */
async function loadTimeline() {
  const items = (await callApi("GET", `${path}/timeline`).catch(() => null))?.body?.items ?? [];
  return items.length >= state.order.history.length ? items : null;
}

async function loadReturns() {
  return (await callApi("GET", `${path}/returns`).catch(() => null))?.body?.items ?? null;
}

const isNotYetCreated = (error) => error.status === 404 && !state.order && Date.now() - openedAt < CREATION_MS;
const isUndecided = () => !state.order || UNDECIDED.has(state.order.status) || state.order.cancellation?.outcome === "undecided";
/** A refund takes a moment. The decision about a return takes days, so it is not polled for. */
const isRefundPending = () => state.returns?.some(({ status }) => status === "accepted");

let nextPoll;

async function poll() {
  clearTimeout(nextPoll);
  const waited = Date.now() - openedAt;
  let pause = waited < FAST_POLLING_MS ? Math.min(Math.max(waited, MIN_POLL_MS), MAX_POLL_MS) : SLOW_POLL_MS;
  try {
    await load();
    state.error = null;
  } catch (error) {
    if (!isNotYetCreated(error)) {
      state.error = error.status === 404 ? { message: t.order.missing } : error;
      pause = SLOW_POLL_MS;
    }
    if (error.isFinal && !isNotYetCreated(error)) return draw(page());
  }
  draw(page());
  if (isUndecided() || isRefundPending() || state.error) nextPoll = setTimeout(poll, pause);
}

draw(page());
poll();
