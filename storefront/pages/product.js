// One product, which can be added to the basket.
import { html, nothing } from "/vendor/lit-html.js";
import { get } from "/shop/api.js";
import { addItems } from "/shop/basket.js";
import { categoryPath, errorNotice, loading, picture } from "/shop/components.js";
import { openPage } from "/shop/layout.js";
import { formatMoney, formatWeight, t } from "/shop/texts.js";

const MAX_QUANTITY = 100_000;

const sku = new URLSearchParams(location.search).get("sku") ?? "";
const draw = openPage(t.shop);
const state = { product: null, busy: false, line: null, error: null };

function page() {
  const { product } = state;
  return html`
    <article class="product">
      <div class="picture">${picture(product.image, { eager: true, size: 600 })}</div>
      <div class="about">
        <p class="category"><a href=${categoryPath(product.category)}>${product.category}</a></p>
        <h1>${product.name}</h1>
        <p class="price">${formatMoney(product.price)}</p>
        <p>${product.description}</p>
        ${product.status === "delisted" ? html`<p class="note">${t.product.delisted}</p>` : addForm()}
        <dl class="details">
          <div><dt>${t.product.sku}</dt><dd>${product.sku}</dd></div>
          <div><dt>${t.product.weight}</dt><dd>${formatWeight(product.weight_grams)}</dd></div>
        </dl>
      </div>
    </article>`;
}

function addForm() {
  const { busy, line, error } = state;
  return html`
    <form class="add-to-basket" @submit=${add}>
      <label for="quantity">${t.product.quantity}</label>
      <input id="quantity" name="quantity" type="number" min="1" max=${MAX_QUANTITY} value="1" required inputmode="numeric">
      <button class="button" ?disabled=${busy}>${busy ? t.product.adding : t.product.add}</button>
    </form>
    <div role="status" class="message">${line ? html`
      <p>${isSoldOut(line) ? t.product.soldOut : t.product.added(line.quantity)}
        <a href="/basket">${t.product.toBasket}</a></p>` : nothing}</div>
    ${error ? html`<p class="note" role="alert">${messageOf(error)}</p>` : nothing}`;
}

const isSoldOut = (line) => line.notes.some(({ type }) => type === "sold-out");
const messageOf = (error) => (error.type === "product-unknown" ? t.product.unknown : error.message);

async function add(event) {
  event.preventDefault();
  if (state.busy) return;
  const quantity = new FormData(event.target).get("quantity");
  Object.assign(state, { busy: true, error: null });
  draw(page());
  try {
    const basket = await addItems(sku, Number(quantity));
    state.line = basket.lines.find((line) => line.sku === sku);
  } catch (error) {
    state.error = error;
  }
  state.busy = false;
  draw(page());
}

async function load() {
  draw(loading());
  try {
    state.product = await get(`/api/products/${encodeURIComponent(sku)}`);
    document.title = `${state.product.name} · ${t.shop}`;
    draw(page());
  } catch (error) {
    draw(error.status === 404
      ? html`<p class="notice" role="alert">${t.product.missing} <a href="/">${t.basket.continueShopping}</a></p>`
      : errorNotice(error, load));
  }
}

load();
