// Elements that several pages show.
import { html, nothing } from "/vendor/lit-html.js";
import { formatMoney, t } from "./texts.js";

/** A product's picture. Without an image, or when it cannot be loaded, a placeholder. */
export function picture(image, { eager = false, size = 400 } = {}) {
  return html`<img class=${image ? "" : "placeholder"} src=${image ?? "/favicon.svg"} alt=""
    width=${size} height=${size} loading=${eager ? "eager" : "lazy"} decoding="async" @error=${showPlaceholder}>`;
}

function showPlaceholder({ target }) {
  if (target.classList.contains("placeholder")) return;
  target.classList.add("placeholder");
  target.src = "/favicon.svg";
}

export function productCard(product, eager = false) {
  return html`
    <li class="card">
      <div class="picture">${picture(product.image, { eager })}</div>
      <p class="category">${product.category}</p>
      <h3><a class="card-link" href=${productPath(product.sku)}>${product.name}</a></h3>
      <p class="price">${formatMoney(product.price)}</p>
    </li>`;
}

export const productPath = (sku) => `/product?${new URLSearchParams({ sku })}`;
export const orderPath = (id) => `/order?${new URLSearchParams({ id })}`;
export const categoryPath = (name) => `/category?${new URLSearchParams({ name })}`;

/** Empty cards in place of products that are being loaded. */
export function loadingCards(count) {
  return Array.from({ length: count }, () => html`<li class="card loading"></li>`);
}

export function loading(text = t.loading) {
  return html`<p class="notice" role="status"><span class="spinner"></span>${text}</p>`;
}

/** The error's message and, with `retry`, a button that calls it. */
export function errorNotice(error, retry) {
  return html`
    <div class="notice" role="alert">
      <p>${error.message}</p>
      ${retry ? html`<button class="button" type="button" @click=${retry}>${t.retry}</button>` : nothing}
    </div>`;
}

/** Links to the categories; `current` is the name of the one shown. */
export function categoryLinks(categories, current) {
  return html`
    <nav class="chips" aria-label=${t.category.all}>
      ${categories.map(({ name, products }) => html`
        <a href=${categoryPath(name)} aria-current=${name === current ? "page" : nothing}>${name} (${products})</a>`)}
    </nav>`;
}

/** Who requested the cancellation, and its outcome. Only staff give a reason. */
export function cancellationNote({ outcome, reason }, texts) {
  return html`
    <p class="note">${(reason ? texts.byShop : texts.byCustomer)[outcome]}
      ${reason ? html`<br>${texts.reason(reason)}` : nothing}</p>`;
}

/** A labelled input. `error` and `hint` are shown below it. */
export function field(name, label, { error, hint, ...attributes } = {}) {
  const { type = "text", value = "", autocomplete = "off", required = true, maxlength = 200 } = attributes;
  const descriptionIds = [error && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(" ");
  return html`
    <p class="field">
      <label for=${name}>${label}${required ? nothing : html` <small>${t.optional}</small>`}</label>
      <input id=${name} name=${name} type=${type} .defaultValue=${value} autocomplete=${autocomplete}
        ?required=${required} maxlength=${maxlength} aria-invalid=${error ? "true" : nothing}
        aria-describedby=${descriptionIds || nothing}>
      ${hint ? html`<small id="${name}-hint">${hint}</small>` : nothing}
      ${error ? html`<small id="${name}-error" class="error">${error}</small>` : nothing}
    </p>`;
}
