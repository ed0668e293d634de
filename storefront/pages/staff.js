// The staff's page: a view of each room, named in the address.
import { html, nothing } from "/vendor/lit-html.js";
import { open } from "/shop/frame.js";
import { t } from "/shop/texts.js";
import { isStaff } from "/shop/visitor.js";
import { deadLetters } from "./staff/dead-letters.js";
import { figures } from "./staff/figures.js";
import { imports } from "./staff/imports.js";
import { orders } from "./staff/orders.js";
import { products } from "./staff/products.js";
import { returns } from "./staff/returns.js";
import { shipments } from "./staff/shipments.js";
import { shipping } from "./staff/shipping.js";
import { stock } from "./staff/stock.js";

const VIEWS = { figures, products, import: imports, stock, orders, shipments, returns, shipping, "dead-letters": deadLetters };

const draw = open(t.staff.title);
const asked = new URLSearchParams(location.search).get("view");
const name = asked in VIEWS ? asked : "products";

function page(content) {
  return html`
    <section aria-labelledby="title">
      <h1 id="title">${t.staff.views[name]}</h1>
      <nav class="chips" aria-label=${t.staff.title}>
        ${Object.keys(VIEWS).map((each) => html`
          <a href="/staff?view=${each}" aria-current=${each === name ? "page" : nothing}>${t.staff.views[each]}</a>`)}
        <a href="/map">${t.staff.map}</a>
      </nav>
      ${content}
    </section>`;
}

if (isStaff()) {
  VIEWS[name]((content) => draw(page(content)));
  document.querySelector(".chips [aria-current=page]")?.scrollIntoView({ inline: "center", block: "nearest" });
} else {
  draw(html`<div class="notice"><h1>${t.staff.title}</h1><p>${t.staff.refused}</p><a class="button" href="/sign-in?staff">${t.signIn.title}</a></div>`);
}
