// The basket page: the lines with what changed since they were added, and the subtotal.
import { html, nothing } from "/vendor/lit-html.js";
import { lastSeenBasket, loadBasket, loadPictures, removeLine, setQuantity } from "/shop/basket.js";
import { errorNotice, loading, picture, productPath } from "/shop/components.js";
import { openPage } from "/shop/layout.js";
import { onChangeInOtherTab } from "/shop/storage.js";
import { formatMoney, t } from "/shop/texts.js";

const MAX_QUANTITY = 100_000;

const draw = openPage(t.basket.title);
const state = { basket: lastSeenBasket(), images: new Map(), busy: true, message: "", error: null };

function page() {
  const { basket, busy, message, error } = state;
  return html`
    <section class="narrow" aria-labelledby="title" aria-busy=${String(busy)}>
      <h1 id="title">${t.basket.title}</h1>
      ${error ? basketError(error) : nothing}
      ${basket ? (basket.lines.length ? filledBasket(basket) : emptyBasket()) : (error ? nothing : loading())}
      <p role="status" class="muted">${busy && basket ? t.basket.updating : message}</p>
    </section>`;
}

function basketError(error) {
  const isOffline = error.status === 0 && state.basket;
  return errorNotice(isOffline ? { message: t.basket.offline } : error, refresh);
}

function emptyBasket() {
  return html`<div class="notice"><p>${t.basket.empty}</p><a class="button" href="/">${t.basket.continueShopping}</a></div>`;
}

function filledBasket(basket) {
  const isBlocked = basket.lines.some((line) => line.notes.some(({ type }) => type !== "price-changed"));
  return html`
    <ul class="basket-lines">${basket.lines.map(basketLine)}</ul>
    <dl class="totals"><div><dt>${t.basket.subtotal}</dt><dd id="subtotal">${formatMoney(basket.subtotal)}</dd></div></dl>
    <p class="muted">${t.basket.shippingLater}</p>
    ${isBlocked ? nothing : html`<p class="actions"><a class="button" href="/checkout">${t.basket.checkOut}</a></p>`}`;
}

function basketLine(line) {
  const { sku, name, quantity } = line;
  return html`
    <li class="basket-line" data-sku=${sku}>
      <div class="picture">${picture(state.images.get(sku), { size: 96 })}</div>
      <div class="description">
        <h2><a href=${productPath(sku)}>${name}</a></h2>
        <p class="muted">${t.basket.unitPrice(formatMoney(line.unit_price))}</p>
        ${line.notes.map((note) => lineNote(note, line))}
      </div>
      <div class="quantity" role="group" aria-label=${t.basket.quantity(name)}>
        <button type="button" aria-label=${t.basket.removeOne(name)} ?disabled=${quantity <= 1}
          @click=${() => change(() => setQuantity(sku, Math.max(1, currentQuantity(sku) - 1)))}>−</button>
        <input type="number" inputmode="numeric" min="1" max=${MAX_QUANTITY} aria-label=${t.basket.quantity(name)}
          .value=${String(quantity)} @change=${(event) => changeToInput(event, line)}>
        <button type="button" aria-label=${t.basket.addOne(name)}
          @click=${() => change(() => setQuantity(sku, currentQuantity(sku) + 1))}>+</button>
      </div>
      <p class="price">${formatMoney(line.line_total)}</p>
      <button class="link" type="button" aria-label=${t.basket.removeLine(name)}
        @click=${() => change(() => removeLine(sku))}>${t.basket.remove}</button>
    </li>`;
}

/** Read when a change starts, not when it is clicked: two quick clicks add two items. */
const currentQuantity = (sku) => state.basket.lines.find((line) => line.sku === sku)?.quantity ?? 0;

function lineNote({ type, previous_price: previousPrice, current_price: currentPrice }, { sku, quantity }) {
  const text = t.basket.notes[type]?.(previousPrice && formatMoney(previousPrice), currentPrice && formatMoney(currentPrice)) ?? type;
  const acceptPrice = () => change(() => setQuantity(sku, quantity)); // setting a line accepts its current price
  return html`<p class="note">${text} ${type === "price-changed" ? html`
    <button class="link" type="button" @click=${acceptPrice}>${t.basket.acceptPrice}</button>` : nothing}</p>`;
}

function changeToInput({ target }, { sku }) {
  if (target.reportValidity()) change(() => setQuantity(sku, Number(target.value)));
}

let lastChange = Promise.resolve();

/** Runs one change after the other, in the order of the clicks. */
function change(action) {
  lastChange = lastChange.then(() => runChange(action));
  return lastChange;
}

async function runChange(action) {
  Object.assign(state, { busy: true, error: null });
  draw(page());
  try {
    state.basket = await action();
    state.message = t.basket.updated(formatMoney(state.basket.subtotal));
  } catch (error) {
    state.error = error;
  }
  state.busy = false;
  draw(page());
}

async function refresh() {
  await change(loadBasket);
  state.message = "";
  state.images = await loadPictures(state.basket?.lines ?? []);
  draw(page());
}

onChangeInOtherTab("basket", () => {
  state.basket = lastSeenBasket();
  draw(page());
});
window.addEventListener("online", refresh);
window.addEventListener("pageshow", ({ persisted }) => { if (persisted) refresh(); });
draw(page());
refresh();
