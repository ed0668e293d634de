// The checkout: contact details, shipping option and payment. Places the order exactly once.
import { html, nothing } from "/vendor/lit-html.js";
import { loadBasket, removeLine } from "/shop/basket.js";
import { pendingAttempt, placeOrder } from "/shop/checkout-attempt.js";
import { errorNotice, field, loading, orderPath } from "/shop/components.js";
import { openPage } from "/shop/layout.js";
import { COUNTRIES, shippingOptions } from "/shop/shipping.js";
import { restore, store } from "/shop/storage.js";
import { addMoney, countryName, formatMoney, t } from "/shop/texts.js";

/** The fields of the form, each with its JSON pointer in the request. */
const POINTERS = {
  name: "/contact/name",
  email: "/contact/email",
  line1: "/contact/address/line1",
  line2: "/contact/address/line2",
  city: "/contact/address/city",
  postcode: "/contact/address/postcode",
  country: "/contact/address/country",
};
const INVALID_FIELDS = "invalid-fields"; // type of the error for fields that the browser finds invalid

const draw = openPage(t.checkout.title);
const state = { basket: null, draft: restore("draft") ?? {}, invalidFields: {}, busy: false, error: null };

/** The shipping option the customer chose, if it is still available, or the first; undefined if there is none. */
const chosenOption = () => {
  const options = shippingOptions(state.basket);
  return options.find(({ id }) => id === state.draft.shipping) ?? options[0];
};
const orderTotal = () => addMoney(state.basket.subtotal, chosenOption().price);
const chosenCountry = () => state.draft.country ?? COUNTRIES[0];

function page() {
  if (!state.basket.lines.length && !pendingAttempt()) return emptyBasket();
  return html`
    <section aria-labelledby="title">
      <h1 id="title">${t.checkout.title}</h1>
      <form class="checkout" @submit=${submit} @input=${storeDraft} novalidate>
        <div class="steps">${contactFields()} ${deliveryFields()} ${paymentFields()}</div>
        <div class="review">${review()}</div>
      </form>
    </section>`;
}

function emptyBasket() {
  return html`<div class="notice"><p>${t.basket.empty}</p><a class="button" href="/">${t.basket.continueShopping}</a></div>`;
}

function contactField(name, attributes) {
  const error = state.error?.fieldError?.(POINTERS[name]) ?? state.invalidFields[name];
  return field(name, t.checkout[name], { value: state.draft[name] ?? "", error, ...attributes });
}

function contactFields() {
  return html`
    <fieldset><legend>${t.checkout.contact}</legend>
      ${contactField("name", { autocomplete: "name" })}
      ${contactField("email", { type: "email", autocomplete: "email", maxlength: 254 })}
    </fieldset>
    <fieldset><legend>${t.checkout.address}</legend>
      ${contactField("line1", { autocomplete: "address-line1" })}
      ${contactField("line2", { autocomplete: "address-line2", required: false })}
      <div class="field-pair">
        ${contactField("city", { autocomplete: "address-level2" })}
        ${contactField("postcode", { autocomplete: "postal-code", required: false })}
      </div>
      <p class="field"><label for="country">${t.checkout.country}</label>
        <select id="country" name="country" autocomplete="country" @change=${load}>
          ${COUNTRIES.map((code) => html`
            <option value=${code} ?selected=${code === chosenCountry()}>${countryName(code)}</option>`)}
        </select></p>
    </fieldset>`;
}

function deliveryFields() {
  return html`
    <fieldset><legend>${t.checkout.delivery}</legend>
      ${shippingOptions(state.basket).map(({ id, name, price }) => choice("shipping", id, name, id === chosenOption().id, formatMoney(price)))}
      ${chosenOption() ? nothing : html`<p class="note" role="alert">${t.checkout.noDelivery(countryName(chosenCountry()))}</p>`}
    </fieldset>`;
}

function paymentFields() {
  const cards = Object.entries(t.checkout.cards);
  const chosenToken = state.draft.card ?? cards[0][0];
  return html`
    <fieldset><legend>${t.checkout.payment}</legend>
      <p class="muted">${t.checkout.sandbox}</p>
      ${cards.map(([token, name]) => choice("card", token, name, token === chosenToken))}
    </fieldset>`;
}

function choice(name, value, label, isChosen, price) {
  return html`
    <label class="choice"><input type="radio" name=${name} value=${value} .checked=${isChosen}>
      <span>${label}</span> ${price ? html`<span class="price">${price}</span>` : nothing}</label>`;
}

function review() {
  const { basket } = state;
  return html`
    <h2>${t.checkout.review}</h2>
    <ul class="compact-list">${basket.lines.map(({ name, quantity, line_total: lineTotal }) => html`
      <li><span>${quantity} × ${name}</span> <span class="price">${formatMoney(lineTotal)}</span></li>`)}</ul>
    ${chosenOption() ? totalAndButton() : nothing}`;
}

function totalAndButton() {
  const { basket, busy, error } = state;
  const total = formatMoney(orderTotal());
  return html`
    <dl class="totals">
      <div><dt>${t.basket.subtotal}</dt><dd>${formatMoney(basket.subtotal)}</dd></div>
      <div><dt>${chosenOption().name}</dt><dd>${formatMoney(chosenOption().price)}</dd></div>
      <div class="total"><dt>${t.checkout.total}</dt><dd id="total">${total}</dd></div>
    </dl>
    ${pendingAttempt() && !error && !busy ? html`<p class="note" role="status">${t.checkout.pending}</p>` : nothing}
    ${error ? errorNote(error) : nothing}
    ${hasType(error, "total-changed", "sold-out", "product-delisted") ? nothing : html`
      <button class="button wide-button" ?disabled=${busy}>
        ${busy ? t.checkout.placing : t.checkout.place(total)}</button>`}`;
}

// --- errors -----------------------------------------------------------------------------------

const hasType = (error, ...types) => types.includes(error?.type);
const nameOf = (sku) => state.basket.lines.find((line) => line.sku === sku)?.name ?? sku;

function errorNote(error) {
  if (hasType(error, "total-changed")) return totalChangedNote(error.problem);
  if (hasType(error, "sold-out", "product-delisted")) return unavailableNote(error.problem);
  return html`<div class="note" role="alert"><p>${messageOf(error)}</p></div>`;
}

function messageOf(error) {
  if (error.type === INVALID_FIELDS) return t.checkout.checkFields;
  return error.isFinal ? error.message : t.checkout.noResponse;
}

function totalChangedNote({ changes, total }) {
  return html`
    <div class="note" role="alert">
      <p>${t.checkout.pricesChanged}</p>
      <ul>${changes.map(({ sku, previous_price: previousPrice, current_price: currentPrice }) => html`
        <li>${t.checkout.priceChange(nameOf(sku), formatMoney(previousPrice), formatMoney(currentPrice))}</li>`)}</ul>
      <p>${t.checkout.newTotal(formatMoney(total))}</p>
      <button class="button" ?disabled=${state.busy}>${t.checkout.acceptTotal(formatMoney(total))}</button>
    </div>`;
}

function unavailableNote({ skus }) {
  return html`
    <div class="note" role="alert">
      <p>${t.checkout.unavailable}</p>
      <ul>${skus.map((sku) => html`<li>${nameOf(sku)}</li>`)}</ul>
      <button class="button" type="button" @click=${() => removeLines(skus)}>${t.checkout.removeUnavailable}</button>
    </div>`;
}

async function removeLines(skus) {
  try {
    for (const sku of skus) await removeLine(sku);
    state.basket = await loadBasket(chosenCountry());
    state.error = null;
  } catch (error) {
    state.error = error;
  }
  draw(page());
}

// --- placing the order ------------------------------------------------------------------------

function storeDraft({ currentTarget: form, target: input }) {
  if (input.validity?.valid) delete state.invalidFields[input.name];
  state.draft = Object.fromEntries(new FormData(form));
  store("draft", state.draft);
  draw(page());
}

function checkoutRequest() {
  const { name, email, line1, line2, city, postcode, country, card } = state.draft;
  const optional = Object.fromEntries(Object.entries({ line2, postcode }).filter(([, value]) => value?.trim()));
  return {
    contact: { name, email, address: { line1, city, country, ...optional } },
    shipping_option: chosenOption().id,
    payment_token: card,
    expected_total: orderTotal(),
  };
}

async function submit(event) {
  event.preventDefault();
  if (state.busy) return; // the second click of a double click
  storeDraft(event);
  if (!validate(event.target)) return;
  Object.assign(state, { busy: true, error: null });
  draw(page());
  try {
    location.assign(orderPath(await placeOrder(checkoutRequest())));
  } catch (error) {
    await showError(error);
  }
}

/** Marks the invalid fields and focuses the first. Returns whether there are none. */
function validate(form) {
  const invalid = [...form.elements].filter(({ name, validity }) => name in POINTERS && !validity.valid);
  state.invalidFields = Object.fromEntries(invalid.map(({ name, validationMessage }) => [name, validationMessage]));
  if (invalid.length) state.error = { type: INVALID_FIELDS };
  draw(page());
  invalid[0]?.focus();
  return invalid.length === 0;
}

async function showError(error) {
  if (error.type === "total-changed") { // shows the current prices beside the error
    await loadBasket(chosenCountry()).then((basket) => { state.basket = basket; }, () => {});
  }
  Object.assign(state, { busy: false, error });
  draw(page());
  document.querySelector("[role=alert]")?.scrollIntoView({ block: "nearest" });
}

/** Loads the basket with the shipping options for the chosen country. */
async function load() {
  try {
    state.basket = await loadBasket(chosenCountry());
    draw(page());
  } catch (error) {
    draw(errorNotice(error, load));
  }
}

window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload(); // going back from the order: the basket has changed
});
draw(loading());
load();
