// Who receives it, how it comes, how it is paid: then the order is placed, once.
import { html, nothing } from "/vendor/lit-html.js";
import { place, unanswered } from "/shop/attempt.js";
import { load, remove } from "/shop/basket.js";
import { countries, ways } from "/shop/delivery.js";
import { open } from "/shop/frame.js";
import { keep, recall } from "/shop/keep.js";
import { field, orderPath, troubled, waiting } from "/shop/parts.js";
import { country, money, plus, t } from "/shop/texts.js";

const FIELDS = { // name on the page: its place in the body
  name: "/contact/name",
  email: "/contact/email",
  line1: "/contact/address/line1",
  line2: "/contact/address/line2",
  city: "/contact/address/city",
  postcode: "/contact/address/postcode",
  country: "/contact/address/country",
};

const draw = open(t.checkout.title);
const state = { basket: null, draft: recall("draft") ?? {}, busy: false, trouble: null };

const chosen = () => {
  const all = ways(state.basket);
  return all.find(({ id }) => id === state.draft.shipping) ?? all[0];
};
const due = () => plus(state.basket.subtotal, chosen().price);
const goesTo = () => state.draft.country ?? countries[0];

function page() {
  if (!state.basket.lines.length && !unanswered()) return empty();
  return html`
    <section aria-labelledby="title">
      <h1 id="title">${t.checkout.title}</h1>
      <form class="checkout" @submit=${submit} @input=${noteDraft} novalidate>
        <div class="steps">${contact()} ${delivery()} ${payment()}</div>
        <div class="review">${review()}</div>
      </form>
    </section>`;
}

function empty() {
  return html`<div class="notice"><p>${t.basket.empty}</p><a class="button" href="/">${t.basket.look}</a></div>`;
}

function input(name, more) {
  const error = state.trouble?.field?.(FIELDS[name]) ?? state.missing?.[name];
  return field(name, t.checkout[name], { value: state.draft[name] ?? "", error, ...more });
}

function contact() {
  return html`
    <fieldset><legend>${t.checkout.contact}</legend>
      ${input("name", { autocomplete: "name" })}
      ${input("email", { type: "email", autocomplete: "email", maxlength: 254 })}
    </fieldset>
    <fieldset><legend>${t.checkout.address}</legend>
      ${input("line1", { autocomplete: "address-line1" })}
      ${input("line2", { autocomplete: "address-line2", required: false })}
      <div class="pair">
        ${input("city", { autocomplete: "address-level2" })}
        ${input("postcode", { autocomplete: "postal-code", required: false })}
      </div>
      <p class="field"><label for="country">${t.checkout.country}</label>
        <select id="country" name="country" autocomplete="country" @change=${look}>
          ${countries.map((code) => html`
            <option value=${code} ?selected=${code === goesTo()}>${country(code)}</option>`)}
        </select></p>
    </fieldset>`;
}

function delivery() {
  return html`
    <fieldset><legend>${t.checkout.delivery}</legend>
      ${ways(state.basket).map(({ id, name, price }) => choice("shipping", id, name, id === chosen().id, money(price)))}
      ${chosen() ? nothing : html`<p class="note" role="alert">${t.checkout.nowhere(country(goesTo()))}</p>`}
    </fieldset>`;
}

function payment() {
  const cards = Object.entries(t.checkout.cards);
  const card = state.draft.card ?? cards[0][0];
  return html`
    <fieldset><legend>${t.checkout.payment}</legend>
      <p class="quiet">${t.checkout.sandbox}</p>
      ${cards.map(([token, words]) => choice("card", token, words, token === card))}
    </fieldset>`;
}

function choice(name, value, words, isChosen, price) {
  return html`
    <label class="choice"><input type="radio" name=${name} value=${value} .checked=${isChosen}>
      <span>${words}</span> ${price ? html`<span class="price">${price}</span>` : nothing}</label>`;
}

function review() {
  const { basket, busy, trouble } = state;
  return html`
    <h2>${t.checkout.review}</h2>
    <ul class="short">${basket.lines.map(({ name, quantity, line_total: total }) => html`
      <li><span>${quantity} × ${name}</span> <span class="price">${money(total)}</span></li>`)}</ul>
    ${chosen() ? payable(basket, busy, trouble) : nothing}`;
}

function payable(basket, busy, trouble) {
  return html`
    <dl class="sums">
      <div><dt>${t.basket.subtotal}</dt><dd>${money(basket.subtotal)}</dd></div>
      <div><dt>${chosen().name}</dt><dd>${money(chosen().price)}</dd></div>
      <div class="total"><dt>${t.checkout.total}</dt><dd id="total">${money(due())}</dd></div>
    </dl>
    ${unanswered() && !trouble && !busy ? html`<p class="note" role="status">${t.checkout.pending}</p>` : nothing}
    ${trouble ? refused(trouble) : nothing}
    ${isAbout(trouble, "total-changed", "sold-out", "product-delisted") ? nothing : html`
      <button class="button wide-button" ?disabled=${busy}>
        ${busy ? t.checkout.placing : t.checkout.place(money(due()))}</button>`}`;
}

// --- what may come in between -----------------------------------------------------------------

const isAbout = (trouble, ...slugs) => slugs.includes(trouble?.slug);
const nameOf = (sku) => state.basket.lines.find((line) => line.sku === sku)?.name ?? sku;

function refused(trouble) {
  if (isAbout(trouble, "total-changed")) return repriced(trouble.problem);
  if (isAbout(trouble, "sold-out", "product-delisted")) return gone(trouble.problem);
  return html`<div class="note" role="alert"><p>${said(trouble)}</p></div>`;
}

function said(trouble) {
  if (trouble.slug === "fields") return t.checkout.check;
  return trouble.isAnswer ? trouble.message : t.checkout.unanswered;
}

function repriced({ changes, total }) {
  return html`
    <div class="note" role="alert">
      <p>${t.checkout.changed}</p>
      <ul>${changes.map(({ sku, was, now }) => html`<li>${t.checkout.change(nameOf(sku), money(was), money(now))}</li>`)}</ul>
      <p>${t.checkout.newTotal(money(total))}</p>
      <button class="button" ?disabled=${state.busy}>${t.checkout.accept(money(total))}</button>
    </div>`;
}

function gone({ skus }) {
  return html`
    <div class="note" role="alert">
      <p>${t.checkout.gone}</p>
      <ul>${skus.map((sku) => html`<li>${nameOf(sku)}</li>`)}</ul>
      <button class="button" type="button" @click=${() => takeOut(skus)}>${t.checkout.removeGone}</button>
    </div>`;
}

async function takeOut(skus) {
  try {
    for (const sku of skus) await remove(sku);
    state.basket = await load(goesTo());
    state.trouble = null;
  } catch (trouble) {
    state.trouble = trouble;
  }
  draw(page());
}

// --- placing ----------------------------------------------------------------------------------

function noteDraft({ currentTarget, target }) {
  if (target.validity?.valid) delete state.missing?.[target.name];
  state.draft = Object.fromEntries(new FormData(currentTarget));
  keep("draft", state.draft);
  draw(page());
}

function wish() {
  const { name, email, line1, line2, city, postcode, country: code, card } = state.draft;
  const optional = Object.fromEntries(Object.entries({ line2, postcode }).filter(([, value]) => value?.trim()));
  return {
    contact: { name, email, address: { line1, city, country: code, ...optional } },
    shipping_option: chosen().id,
    payment_token: card,
    expected_total: due(),
  };
}

async function submit(event) {
  event.preventDefault();
  if (state.busy) return; // the second of two clicks
  noteDraft(event);
  if (!isComplete(event.target)) return;
  Object.assign(state, { busy: true, trouble: null });
  draw(page());
  try {
    location.assign(orderPath(await place(wish())));
  } catch (trouble) {
    await explain(trouble);
  }
}

function isComplete(form) {
  const wrong = [...form.elements].filter((each) => each.name in FIELDS && !each.validity.valid);
  state.missing = Object.fromEntries(wrong.map(({ name, validationMessage }) => [name, validationMessage]));
  if (wrong.length) state.trouble = { slug: "fields" };
  draw(page());
  wrong[0]?.focus();
  return wrong.length === 0;
}

/** The refusal, beside the basket as it is now: its prices may be others than those seen. */
async function explain(trouble) {
  if (trouble.slug === "total-changed") await load(goesTo()).then((basket) => { state.basket = basket; }, () => {});
  Object.assign(state, { busy: false, trouble });
  draw(page());
  document.querySelector("[role=alert]")?.scrollIntoView({ block: "nearest" });
}

/** What delivery costs depends on where it goes. */
async function look() {
  try {
    state.basket = await load(goesTo());
    draw(page());
  } catch (trouble) {
    draw(troubled(trouble, look));
  }
}

window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload(); // back from the order: the basket is another one now
});
draw(waiting());
look();
