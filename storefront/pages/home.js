// The home page: an introduction, the categories, and the newest products.
import { html } from "/vendor/lit-html.js";
import { get } from "/shop/api.js";
import { categoryLinks, errorNotice, loadingCards, productCard } from "/shop/components.js";
import { openPage } from "/shop/layout.js";
import { t } from "/shop/texts.js";

const PRODUCT_COUNT = 12;
const EAGER_PICTURES = 4; // certainly visible without scrolling, so loaded at once

const draw = openPage(t.home.title);

function page({ categories = [], products, error }) {
  return html`
    <div class="hero">
      <div class="hero-text">
        <h1>${t.home.heading}</h1>
        <p class="lead">${t.home.lead}</p>
        <a class="button" href="#newest">${t.home.browse}</a>
      </div>
      <div class="hero-pictures">
        ${["rug-atl-01", "lamp-fez-01", "cer-tag-01"].map((name) => html`
          <img src="/pictures/${name}.svg" alt="" width="300" height="400">`)}
      </div>
    </div>
    <section class="wide" aria-labelledby="newest">
      ${categoryLinks(categories)}
      <div class="section-head">
        <h2 id="newest" tabindex="-1">${t.home.newest}</h2>
        <a href="/category">${t.category.everything}</a>
      </div>
      ${error ? errorNotice(error, load) : html`
        <ul class="grid" aria-busy=${String(!products)}>
          ${products?.map((product, index) => productCard(product, index < EAGER_PICTURES)) ?? loadingCards(8)}
        </ul>`}
      ${products?.length === 0 ? html`<p class="notice">${t.category.empty}</p>` : ""}
    </section>`;
}

async function load() {
  draw(page({}));
  try {
    const [products, categories] = await Promise.all([
      get(`/api/products?limit=${PRODUCT_COUNT}`), get("/api/categories"),
    ]);
    draw(page({ products: products.items, categories: categories.items }));
  } catch (error) {
    draw(page({ error }));
  }
}

load();
