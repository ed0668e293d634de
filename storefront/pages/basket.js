// The basket: quantities, notes on what changed, totals as the shop computes them.
import { html, nothing } from "/vendor/lit-html.js";
import { load, pictures, put, remove, seen } from "/shop/basket.js";
import { open } from "/shop/frame.js";
import { whenChangedElsewhere } from "/shop/keep.js";
import { picture, productPath, troubled, waiting } from "/shop/parts.js";
import { money, t } from "/shop/texts.js";

const MAX_QUANTITY = 100_000;

const draw = open(t.basket.title);
const state = { basket: seen(), images: new Map(), busy: true, said: "", trouble: null };

function page() {
  const { basket, busy, said, trouble } = state;
  return html`
    <section class="narrow" aria-labelledby="title" aria-busy=${String(busy)}>
      <h1 id="title">${t.basket.title}</h1>
      ${trouble ? away(trouble) : nothing}
      ${basket ? (basket.lines.length ? full(basket) : empty()) : (trouble ? nothing : waiting())}
      <p role="status" class="quiet">${busy && basket ? t.basket.changing : said}</p>
    </section>`;
}

function away(trouble) {
  const isKept = trouble.status === 0 && state.basket;
  return troubled(isKept ? { message: t.basket.kept } : trouble, refresh);
}

function empty() {
  return html`<div class="notice"><p>${t.basket.empty}</p><a class="button" href="/">${t.basket.look}</a></div>`;
}

function full(basket) {
  const isBlocked = basket.lines.some((line) => line.notes.some(({ kind }) => kind !== "price-changed"));
  return html`
    <ul class="lines">${basket.lines.map(line)}</ul>
    <dl class="sums"><div><dt>${t.basket.subtotal}</dt><dd id="subtotal">${money(basket.subtotal)}</dd></div></dl>
    <p class="quiet">${t.basket.shippingLater}</p>
    ${isBlocked ? nothing : html`<p class="go"><a class="button" href="/checkout">${t.basket.checkOut}</a></p>`}`;
}

function line(each) {
  const { sku, name, quantity } = each;
  return html`
    <li class="line" data-sku=${sku}>
      <div class="picture">${picture(state.images.get(sku), { size: 96 })}</div>
      <div class="what">
        <h2><a href=${productPath(sku)}>${name}</a></h2>
        <p class="quiet">${t.basket.each(money(each.unit_price))}</p>
        ${each.notes.map((note) => noted(note, each))}
      </div>
      <div class="how-many" role="group" aria-label=${t.basket.quantity(name)}>
        <button type="button" aria-label=${t.basket.fewer(name)} ?disabled=${quantity <= 1}
          @click=${() => change(() => put(sku, Math.max(1, held(sku) - 1)))}>−</button>
        <input type="number" inputmode="numeric" min="1" max=${MAX_QUANTITY} aria-label=${t.basket.quantity(name)}
          .value=${String(quantity)} @change=${(event) => typed(event, each)}>
        <button type="button" aria-label=${t.basket.more(name)}
          @click=${() => change(() => put(sku, held(sku) + 1))}>+</button>
      </div>
      <p class="price">${money(each.line_total)}</p>
      <button class="link" type="button" aria-label=${t.basket.removeWhat(name)}
        @click=${() => change(() => remove(sku))}>${t.basket.remove}</button>
    </li>`;
}

/** As it is when a click's turn comes: two quick clicks are two pieces. */
const held = (sku) => state.basket.lines.find((each) => each.sku === sku)?.quantity ?? 0;

function noted({ kind, was, now }, { sku, quantity }) {
  const words = t.basket.notes[kind]?.(was && money(was), now && money(now)) ?? kind;
  const accept = () => change(() => put(sku, quantity)); // putting it again takes it at today's price
  return html`<p class="note">${words} ${kind === "price-changed" ? html`
    <button class="link" type="button" @click=${accept}>${t.basket.accept}</button>` : nothing}</p>`;
}

function typed({ target }, { sku }) {
  if (target.reportValidity()) change(() => put(sku, Number(target.value)));
}

/** One change at a time, in the order they were made: the last one clicked is the last one told. */
let last = Promise.resolve();

function change(what) {
  last = last.then(() => settle(what));
  return last;
}

async function settle(what) {
  Object.assign(state, { busy: true, trouble: null });
  draw(page());
  try {
    state.basket = await what();
    state.said = t.basket.changed(money(state.basket.subtotal));
  } catch (trouble) {
    state.trouble = trouble;
  }
  state.busy = false;
  draw(page());
}

async function refresh() {
  await change(load);
  state.said = "";
  state.images = await pictures(state.basket?.lines ?? []);
  draw(page());
}

whenChangedElsewhere("seen", () => {
  state.basket = seen();
  draw(page());
});
window.addEventListener("online", refresh);
window.addEventListener("pageshow", ({ persisted }) => { if (persisted) refresh(); });
draw(page());
refresh();
