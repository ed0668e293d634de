// One product, and the way into the basket.
import { html, nothing } from "/vendor/lit-html.js";
import { get } from "/shop/api.js";
import { add } from "/shop/basket.js";
import { open } from "/shop/frame.js";
import { categoryPath, picture, troubled, waiting } from "/shop/parts.js";
import { money, t, weight } from "/shop/texts.js";

const MAX_QUANTITY = 100_000;

const sku = new URLSearchParams(location.search).get("sku") ?? "";
const draw = open(t.shop);
const state = { product: null, busy: false, line: null, trouble: null };

function page() {
  const { product } = state;
  return html`
    <article class="product">
      <div class="picture">${picture(product.image, { eager: true, size: 600 })}</div>
      <div class="about">
        <p class="kind"><a href=${categoryPath(product.category)}>${product.category}</a></p>
        <h1>${product.name}</h1>
        <p class="price">${money(product.price)}</p>
        <p>${product.description}</p>
        ${product.status === "delisted" ? html`<p class="note">${t.product.delisted}</p>` : buying()}
        <dl class="facts">
          <div><dt>${t.product.sku}</dt><dd>${product.sku}</dd></div>
          <div><dt>${t.product.weight}</dt><dd>${weight(product.weight_grams)}</dd></div>
        </dl>
      </div>
    </article>`;
}

function buying() {
  const { busy, line, trouble } = state;
  return html`
    <form class="buy" @submit=${buy}>
      <label for="quantity">${t.product.quantity}</label>
      <input id="quantity" name="quantity" type="number" min="1" max=${MAX_QUANTITY} value="1" required inputmode="numeric">
      <button class="button" ?disabled=${busy}>${busy ? t.product.adding : t.product.add}</button>
    </form>
    <div role="status" class="said">${line ? html`
      <p>${isSoldOut(line) ? t.product.soldOut : t.product.added(line.quantity)}
        <a href="/basket">${t.product.toBasket}</a></p>` : nothing}</div>
    ${trouble ? html`<p class="note" role="alert">${words(trouble)}</p>` : nothing}`;
}

const isSoldOut = (line) => line.notes.some(({ kind }) => kind === "sold-out");
const words = (trouble) => (trouble.slug === "product-unknown" ? t.product.unknown : trouble.message);

async function buy(event) {
  event.preventDefault();
  if (state.busy) return;
  const quantity = new FormData(event.target).get("quantity");
  Object.assign(state, { busy: true, trouble: null });
  draw(page());
  try {
    const basket = await add(sku, Number(quantity));
    state.line = basket.lines.find((line) => line.sku === sku);
  } catch (trouble) {
    state.trouble = trouble;
  }
  state.busy = false;
  draw(page());
}

async function show() {
  draw(waiting());
  try {
    state.product = await get(`/api/products/${encodeURIComponent(sku)}`);
    document.title = `${state.product.name} · ${t.shop}`;
    draw(page());
  } catch (trouble) {
    const isMissing = trouble.status === 404;
    draw(isMissing ? html`<p class="notice" role="alert">${t.product.missing} <a href="/">${t.basket.look}</a></p>`
      : troubled(trouble, show));
  }
}

show();
