// One order: followed until it is decided; then cancelled or returned, where its state allows it.
import { html, nothing } from "/vendor/lit-html.js";
import { open } from "/shop/frame.js";
import { cancellation, troubled, waiting } from "/shop/parts.js";
import { moment, money, t } from "/shop/texts.js";
import { call, newKey } from "/shop/visitor.js";

const OPEN = new Set(["placed", "rejecting"]);
// ms between two looks: while it is being decided as long as was waited so far, within these bounds,
const SOON = 300;
const EAGERLY = 1000;
const CALMLY = 5000; // and when that takes longer than LONG, or nobody answers
const LONG = 60_000;
const UNWRITTEN = 30_000; // for so long after checkout the order may not be there yet

const id = new URLSearchParams(location.search).get("id") ?? "";
const path = `/orders/${encodeURIComponent(id)}`;
const draw = open(t.order.title);
const began = Date.now();
const state = { order: null, steps: null, returns: null, trouble: null, asking: null };

function page() {
  const { order, trouble } = state;
  if (!order) return trouble ? troubled(trouble, follow) : waiting(t.order.arriving);
  return html`
    <section class="narrow" aria-labelledby="title">
      <h1 id="title">${t.order.states[order.status] ?? order.status}</h1>
      <div role="status">
        <p class="lead">${order.rejection?.says ?? t.order.means[order.status]}</p>
        ${order.parcel ? html`<p>${t.order.parcel(order.parcel.carrier, order.parcel.tracking_number)}</p>` : nothing}
        ${order.cancellation ? cancellation(order.cancellation, t.order.cancellation) : nothing}
        ${OPEN.has(order.status) ? html`<p><span class="spinner"></span></p>` : nothing}
      </div>
      ${trouble ? html`<p class="note" role="alert">${trouble.status ? trouble.message : t.order.stale}</p>` : nothing}
      ${history()}
      ${lines(order)}
      ${actions(order)}
      <p class="quiet">${t.order.number} <code>${order.order_id}</code><br>${t.order.placedAt} ${moment(order.placed_at)}</p>
      <p class="go"><a class="button" href="/">${t.order.again}</a></p>
    </section>`;
}

function history() {
  const steps = state.steps ?? state.order.history.map(({ status, at }) => ({ says: t.order.states[status] ?? status, at }));
  return html`
    <h2>${t.order.history}</h2>
    <ol class="history">${steps.map(({ says, at }) => html`
      <li><span>${says}</span> <time datetime=${at}>${moment(at)}</time></li>`)}</ol>`;
}

function lines(order) {
  return html`
    <h2>${t.order.lines}</h2>
    <ul class="short">${order.lines.map((line) => html`
      <li><span>${line.quantity} × ${line.name}</span> <span class="price">${money(line.line_total)}</span></li>`)}</ul>
    <dl class="sums">
      <div><dt>${t.basket.subtotal}</dt><dd>${money(order.subtotal)}</dd></div>
      <div><dt>${t.checkout.options[order.shipping_option] ?? t.order.shipping}</dt><dd>${money(order.shipping)}</dd></div>
      <div class="total"><dt>${t.order.total}</dt><dd>${money(order.total)}</dd></div>
    </dl>`;
}

// --- cancelling and returning: of a shop that cannot, the buttons are not there ----------------

function actions(order) {
  const canCancel = order.status === "confirmed" && "cancellation" in order && !order.cancellation;
  return html`
    ${canCancel ? cancelling() : nothing}
    ${order.status === "delivered" && state.returns ? returning(order) : nothing}`;
}

function cancelling() {
  const isSure = state.asking === "cancel";
  const set = (asking) => () => { state.asking = asking; draw(page()); };
  return isSure ? html`
    <p class="go"><strong>${t.order.cancelSure}</strong>
      <button class="button" type="button" @click=${cancel}>${t.order.cancel}</button>
      <button class="button plain" type="button" @click=${set(null)}>${t.order.cancelNo}</button></p>` : html`
    <p class="go"><button class="button plain" type="button" @click=${set("cancel")}>${t.order.cancel}</button></p>`;
}

async function cancel() {
  state.asking = null;
  await told(() => call("POST", `${path}/cancellation`));
}

function returning(order) {
  const left = order.lines.map((line) => ({ ...line, quantity: line.quantity - comingBack(line.sku) })).filter(({ quantity }) => quantity > 0);
  return html`
    ${state.returns.length ? html`
      <h2>${t.order.returned}</h2>
      <ul class="short">${state.returns.map(returned)}</ul>` : nothing}
    ${left.length ? html`
      <details><summary>${t.order.giveBack}</summary>
        <form class="return" @submit=${giveBack}>
          <p>${t.order.returnHow}</p>
          ${left.map(({ sku, name, quantity }) => html`
            <p class="field"><label for="return-${sku}">${name}</label>
              <input id="return-${sku}" name=${sku} type="number" min="0" max=${quantity} value="0" required></p>`)}
          <p class="field"><label for="return-why">${t.order.returnWhy} <small>${t.optional}</small></label>
            <input id="return-why" maxlength="200" autocomplete="off"></p>
          <p class="go"><button class="button">${t.order.returnSend}</button></p>
        </form></details>` : nothing}`;
}

function returned({ lines: back, status, refund, refusal }) {
  const note = refusal ?? (refund ? t.order.refund(money(refund)) : null);
  return html`
    <li><span>${back.map(({ sku, quantity }) => `${quantity} × ${named(sku)}`).join(", ")}
        ${note ? html`<br><span class="quiet">${note}</span>` : nothing}</span>
      <span>${t.order.returnStates[status] ?? status}</span></li>`;
}

const named = (sku) => state.order.lines.find((line) => line.sku === sku)?.name ?? sku;

/** What of it is on its way back, or came back already; what was refused can be asked for again. */
function comingBack(sku) {
  const standing = state.returns.filter(({ status }) => status !== "refused").flatMap(({ lines: back }) => back);
  return standing.reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0);
}

async function giveBack(event) {
  event.preventDefault();
  const form = event.target;
  const asked = [...new FormData(form)].map(([sku, text]) => ({ sku, quantity: Number(text) }));
  const body = { lines: asked.filter(({ quantity }) => quantity > 0) };
  const reason = form.querySelector("#return-why").value.trim();
  if (reason) body.reason = reason;
  if (!body.lines.length) {
    state.trouble = { status: 422, message: t.order.returnNone };
    draw(page());
    return;
  }
  form.dataset.key ??= newKey(); // what is in this form is one return, however often it is sent
  await told(async () => {
    try {
      await call("POST", `${path}/returns`, { body, headers: { "idempotency-key": form.dataset.key } });
    } catch (trouble) {
      if (trouble.isAnswer) delete form.dataset.key; // nothing was taken: what is sent next is new
      throw trouble;
    }
    delete form.dataset.key;
    form.reset();
    form.closest("details").open = false;
  });
}

async function told(what) {
  try {
    await what();
    await follow(); // what was asked for is decided in a moment
  } catch (trouble) {
    state.trouble = trouble;
    draw(page());
  }
}

// --- following --------------------------------------------------------------------------------

async function look() {
  state.order = (await call("GET", path)).body;
  state.steps = isMoving() ? null : await timeline();
  state.returns = state.order.status === "delivered" ? await returns() : null;
}

/** Steps as the whole shop tells them; without that route the order's own history will do. */
async function timeline() {
  const items = (await call("GET", `${path}/timeline`).catch(() => null))?.body?.items ?? [];
  return items.length >= state.order.history.length ? items : null;
}

async function returns() {
  return (await call("GET", `${path}/returns`).catch(() => null))?.body?.items ?? null;
}

const isUnwritten = (trouble) => trouble.status === 404 && !state.order && Date.now() - began < UNWRITTEN;
const isMoving = () => !state.order || OPEN.has(state.order.status) || state.order.cancellation?.outcome === "undecided";
/** Whether a refund is on its way, which takes a moment; a verdict takes days. */
const awaitsRefund = () => state.returns?.some(({ status }) => status === "accepted");

let next; // look at the order

async function follow() {
  clearTimeout(next);
  const waited = Date.now() - began;
  let pause = waited < LONG ? Math.min(Math.max(waited, SOON), EAGERLY) : CALMLY;
  try {
    await look();
    state.trouble = null;
  } catch (trouble) {
    if (!isUnwritten(trouble)) {
      state.trouble = trouble.status === 404 ? { message: t.order.missing } : trouble;
      pause = CALMLY;
    }
    if (trouble.isAnswer && !isUnwritten(trouble)) return draw(page());
  }
  draw(page());
  if (isMoving() || awaitsRefund() || state.trouble) next = setTimeout(follow, pause);
}

draw(page());
follow();
