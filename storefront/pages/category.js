// The products of a category, or all products. More are loaded on scrolling, or with a button.
import { html, nothing } from "/vendor/lit-html.js";
import { get } from "/shop/api.js";
import { categoryLinks, errorNotice, loadingCards, productCard } from "/shop/components.js";
import { openPage } from "/shop/layout.js";
import { t } from "/shop/texts.js";

const PAGE_SIZE = 12;
const EAGER_PICTURES = 4;

const name = new URLSearchParams(location.search).get("name");
const draw = openPage(name ?? t.category.everything);
const state = { products: null, next: null, categories: [], busy: false, error: null };

function page() {
  const { products, next, categories, busy, error } = state;
  return html`
    <section class="wide" aria-labelledby="title">
      <div class="section-head">
        <h1 id="title">${name ?? t.category.everything}</h1>
        <p role="status">${products?.length ? t.category.shown(products.length, !next) : nothing}</p>
      </div>
      ${categoryLinks(categories, name)}
      ${products?.length === 0 ? html`<p class="notice">${t.category.empty}</p>` : nothing}
      <ul class="grid" aria-busy=${String(busy)}>
        ${products?.map((product, index) => productCard(product, index < EAGER_PICTURES)) ?? nothing}
        ${busy ? loadingCards(products ? 4 : 8) : nothing}
      </ul>
      ${error ? errorNotice(error, loadMore) : nothing}
      <p class="load-more">${next && !error ? html`
        <button id="more" class="button" type="button" ?disabled=${busy} @click=${() => loadMore({ focusFirst: true })}>
          ${t.category.more}
        </button>` : nothing}</p>
    </section>`;
}

function pagePath() {
  const query = new URLSearchParams({ limit: PAGE_SIZE });
  if (name) query.set("category", name);
  if (state.next) query.set("cursor", state.next);
  return `/api/products?${query}`;
}

/** Loads the next page. `focusFirst` focuses its first product, because the button may be gone then. */
async function loadMore({ focusFirst = false } = {}) {
  if (state.busy) return;
  Object.assign(state, { busy: true, error: null });
  draw(page());
  try {
    const { items, next } = await get(pagePath());
    const shownBefore = state.products?.length ?? 0;
    Object.assign(state, { products: [...(state.products ?? []), ...items], next, busy: false });
    draw(page());
    if (focusFirst) document.querySelectorAll(".card-link")[shownBefore]?.focus();
  } catch (error) {
    Object.assign(state, { busy: false, error });
    draw(page());
  }
  observeButton();
}

const buttonObserver = new IntersectionObserver((entries) => {
  if (entries.some(({ isIntersecting }) => isIntersecting)) loadMore();
}, { rootMargin: "300px" });

/** Observed anew, the button is reported at once if it is still in view. */
function observeButton() {
  buttonObserver.disconnect();
  const button = document.getElementById("more");
  if (button) buttonObserver.observe(button);
}

get("/api/categories").then(({ items }) => {
  state.categories = items;
  draw(page());
}, () => {}); // if the shop does not respond, the request for products shows the error
loadMore();
