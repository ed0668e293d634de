// One category, or everything: page after page as one scrolls, or by the button.
import { html, nothing } from "/vendor/lit-html.js";
import { get } from "/shop/api.js";
import { open } from "/shop/frame.js";
import { card, chips, troubled, waitingCards } from "/shop/parts.js";
import { t } from "/shop/texts.js";

const PAGE_SIZE = 12;
const EAGER = 4;

const name = new URLSearchParams(location.search).get("name");
const draw = open(name ?? t.category.everything);
const state = { products: null, next: null, categories: [], busy: false, trouble: null };

function page() {
  const { products, next, categories, busy, trouble } = state;
  return html`
    <section class="wide" aria-labelledby="title">
      <div class="section-head">
        <h1 id="title">${name ?? t.category.everything}</h1>
        <p role="status">${products?.length ? t.category.shown(products.length, !next) : nothing}</p>
      </div>
      ${chips(categories, name)}
      ${products?.length === 0 ? html`<p class="notice">${t.category.empty}</p>` : nothing}
      <ul class="grid" aria-busy=${String(busy)}>
        ${products?.map((product, at) => card(product, at < EAGER)) ?? nothing}
        ${busy ? waitingCards(products ? 4 : 8) : nothing}
      </ul>
      ${trouble ? troubled(trouble, more) : nothing}
      <p class="more">${next && !trouble ? html`
        <button id="more" class="button" type="button" ?disabled=${busy} @click=${() => more({ isAsked: true })}>
          ${t.category.more}
        </button>` : nothing}</p>
    </section>`;
}

function path() {
  const query = new URLSearchParams({ limit: PAGE_SIZE });
  if (name) query.set("category", name);
  if (state.next) query.set("cursor", state.next);
  return `/api/products?${query}`;
}

async function more({ isAsked = false } = {}) {
  if (state.busy) return;
  Object.assign(state, { busy: true, trouble: null });
  draw(page());
  try {
    const { items, next } = await get(path());
    const first = state.products?.length ?? 0;
    Object.assign(state, { products: [...(state.products ?? []), ...items], next, busy: false });
    draw(page());
    if (isAsked) document.querySelectorAll(".card .open")[first]?.focus(); // its button may be gone
  } catch (trouble) {
    Object.assign(state, { busy: false, trouble });
    draw(page());
  }
  watch();
}

const nearing = new IntersectionObserver((seen) => {
  if (seen.some((each) => each.isIntersecting)) more();
}, { rootMargin: "300px" });

function watch() {
  nearing.disconnect(); // observed anew it tells at once when the button is still in view
  const button = document.getElementById("more");
  if (button) nearing.observe(button);
}

get("/api/categories").then(({ items }) => {
  state.categories = items;
  draw(page());
}, () => {}); // the products tell what is wrong
more();
