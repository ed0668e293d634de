// What surrounds every page: its head with the basket, its foot, and where the page is drawn.
import { html, nothing, render } from "/vendor/lit-html.js";
import { bringBasket, count, seen, whenChanged } from "./basket.js";
import { whenChangedElsewhere } from "./keep.js";
import { t } from "./texts.js";
import { isStaff, session, signOut } from "./visitor.js";

/** Draws the frame; what it returns draws the page in it. */
export function open(title) {
  document.title = `${title} · ${t.shop}`;
  const [head, main, foot] = ["header", "main", "footer"].map((name) => document.createElement(name));
  head.className = "top";
  main.id = "main";
  main.tabIndex = -1;
  const drawHead = () => render(top(drawHead), head);
  drawHead();
  render(bottom(), foot);
  document.body.append(skip(), head, main, foot);
  whenChanged(drawHead);
  whenChangedElsewhere("session", () => location.reload());
  bringBasket().catch(() => {}); // what is wrong shows where the basket is looked at
  return (page) => render(page, main);
}

function skip() {
  const link = document.createElement("a");
  link.className = "skip";
  link.href = "#main";
  link.textContent = t.frame.skip;
  return link;
}

function top(redraw) {
  const items = count(seen());
  return html`
    <a class="brand" href="/"><img src="/favicon.svg" alt="" width="32" height="32">${t.shop}</a>
    <nav aria-label=${t.frame.yours}>
      ${isStaff() ? link("/staff", t.staff.title) : nothing}
      ${link("/orders", t.orders.title)}
      ${session() ? away(redraw) : link("/sign-in", t.signIn.title)}
      <a class="to-basket" href="/basket" aria-current=${current("/basket")}>
        ${t.basket.title} <span class="count" aria-label=${t.basket.items(items)}>${items}</span>
      </a>
    </nav>`;
}

const current = (path) => (location.pathname === path ? "page" : nothing);

function link(path, words) {
  return html`<a href=${path} aria-current=${current(path)}>${words}</a>`;
}

function away() {
  const leave = async () => location.assign(await signOut().catch(() => "/"));
  return html`<button class="link" type="button" title=${session().name} @click=${{ handleEvent: leave, once: true }}>${t.signIn.out}</button>`;
}

function bottom() {
  return html`<p>${t.frame.foot} <a href="/api/docs/">${t.frame.api}</a></p>`;
}
