// The first page: what the shop is, its categories, and what is newest.
import { html } from "/vendor/lit-html.js";
import { get } from "/shop/api.js";
import { open } from "/shop/frame.js";
import { card, chips, troubled, waitingCards } from "/shop/parts.js";
import { t } from "/shop/texts.js";

const NEWEST = 12;
const EAGER = 4; // pictures that are surely in the first view

const draw = open(t.home.title);

function page({ categories = [], products, trouble }) {
  return html`
    <div class="hero">
      <div class="hero-words">
        <h1>${t.home.heading}</h1>
        <p class="lead">${t.home.lead}</p>
        <a class="button" href="#newest">${t.home.browse}</a>
      </div>
      <div class="arcade">
        ${["rug-atl-01", "lamp-fez-01", "cer-tag-01"].map((name) => html`
          <img src="/pictures/${name}.svg" alt="" width="300" height="400">`)}
      </div>
    </div>
    <section class="wide" aria-labelledby="newest">
      ${chips(categories)}
      <div class="section-head">
        <h2 id="newest" tabindex="-1">${t.home.newest}</h2>
        <a href="/category">${t.category.everything}</a>
      </div>
      ${trouble ? troubled(trouble, show) : html`
        <ul class="grid" aria-busy=${String(!products)}>
          ${products?.map((product, at) => card(product, at < EAGER)) ?? waitingCards(8)}
        </ul>`}
      ${products?.length === 0 ? html`<p class="notice">${t.category.empty}</p>` : ""}
    </section>`;
}

async function show() {
  draw(page({}));
  try {
    const [listed, found] = await Promise.all([
      get(`/api/products?limit=${NEWEST}`), get("/api/categories"),
    ]);
    draw(page({ products: listed.items, categories: found.items }));
  } catch (trouble) {
    draw(page({ trouble }));
  }
}

show();
