// Parts that several pages show.
import { html, nothing } from "/vendor/lit-html.js";
import { money, t } from "./texts.js";

export function picture(image, { eager = false, size = 400 } = {}) {
  return html`<img class=${image ? "" : "none"} src=${image ?? "/favicon.svg"} alt=""
    width=${size} height=${size} loading=${eager ? "eager" : "lazy"} decoding="async" @error=${replace}>`;
}

function replace({ target }) {
  if (target.classList.contains("none")) return;
  target.classList.add("none");
  target.src = "/favicon.svg";
}

export function card(product, eager = false) {
  return html`
    <li class="card">
      <div class="picture">${picture(product.image, { eager })}</div>
      <p class="kind">${product.category}</p>
      <h3><a class="open" href=${productPath(product.sku)}>${product.name}</a></h3>
      <p class="price">${money(product.price)}</p>
    </li>`;
}

export const productPath = (sku) => `/product?${new URLSearchParams({ sku })}`;
export const orderPath = (id) => `/order?${new URLSearchParams({ id })}`;
export const categoryPath = (name) => `/category?${new URLSearchParams({ name })}`;

export function waitingCards(number) {
  return Array.from({ length: number }, () => html`<li class="card waiting"></li>`);
}

export function waiting(words = t.waiting) {
  return html`<p class="notice" role="status"><span class="spinner"></span>${words}</p>`;
}

/** What went wrong and what to do about it. */
export function troubled(trouble, again) {
  return html`
    <div class="notice" role="alert">
      <p>${trouble.message}</p>
      ${again ? html`<button class="button" type="button" @click=${again}>${t.again}</button>` : nothing}
    </div>`;
}

export function chips(categories, chosen) {
  return html`
    <nav class="chips" aria-label=${t.category.all}>
      ${categories.map(({ name, products }) => html`
        <a href=${categoryPath(name)} aria-current=${name === chosen ? "page" : nothing}>${name} (${products})</a>`)}
    </nav>`;
}

/** What became of a wish to cancel; the shop's own has a reason. */
export function cancellation({ outcome, reason }, words) {
  return html`
    <p class="note">${(reason ? words.ours : words.theirs)[outcome]}
      ${reason ? html`<br>${words.why(reason)}` : nothing}</p>`;
}

export function field(name, words, { error, hint, ...rest } = {}) {
  const { type = "text", value = "", autocomplete = "off", required = true, maxlength = 200 } = rest;
  const described = [error && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(" ");
  return html`
    <p class="field">
      <label for=${name}>${words}${required ? nothing : html` <small>${t.optional}</small>`}</label>
      <input id=${name} name=${name} type=${type} .defaultValue=${value} autocomplete=${autocomplete}
        ?required=${required} maxlength=${maxlength} aria-invalid=${error ? "true" : nothing}
        aria-describedby=${described || nothing}>
      ${hint ? html`<small id="${name}-hint">${hint}</small>` : nothing}
      ${error ? html`<small id="${name}-error" class="error">${error}</small>` : nothing}
    </p>`;
}
