// The staff page. The query parameter `view` names what it shows.
import { html, nothing } from "/vendor/lit-html.js";
import { openPage } from "/shop/layout.js";
import { isStaff } from "/shop/session.js";
import { t } from "/shop/texts.js";
import { deadLetters } from "./staff/dead-letters.js";
import { figures } from "./staff/figures.js";
import { imports } from "./staff/imports.js";
import { orders } from "./staff/orders.js";
import { products } from "./staff/products.js";
import { returns } from "./staff/returns.js";
import { shipments } from "./staff/shipments.js";
import { shipping } from "./staff/shipping.js";
import { stock } from "./staff/stock.js";

/** Functions that show a view. Each gets a function that renders the view's content. */
const VIEWS = { figures, products, import: imports, stock, orders, shipments, returns, shipping, "dead-letters": deadLetters };

const draw = openPage(t.staff.title);
const requestedView = new URLSearchParams(location.search).get("view");
const currentView = requestedView in VIEWS ? requestedView : "products";

function page(content) {
  return html`
    <section aria-labelledby="title">
      <h1 id="title">${t.staff.views[currentView]}</h1>
      <nav class="chips" aria-label=${t.staff.title}>
        ${Object.keys(VIEWS).map((view) => html`
          <a href="/staff?view=${view}" aria-current=${view === currentView ? "page" : nothing}>${t.staff.views[view]}</a>`)}
        <a href="/map">${t.staff.map}</a>
      </nav>
      ${content}
    </section>`;
}

if (isStaff()) {
  VIEWS[currentView]((content) => draw(page(content)));
  document.querySelector(".chips [aria-current=page]")?.scrollIntoView({ inline: "center", block: "nearest" });
} else {
  draw(html`<div class="notice"><h1>${t.staff.title}</h1><p>${t.staff.forbidden}</p><a class="button" href="/sign-in?staff">${t.signIn.title}</a></div>`);
}
