// What every page has around its content: a header with the basket, and a footer.
import { html, nothing, render } from "/vendor/lit-html.js";
import { countItems, lastSeenBasket, mergeGuestBasket, onBasketChange } from "./basket.js";
import { currentSession, isStaff, signOut } from "./session.js";
import { onChangeInOtherTab } from "./storage.js";
import { t } from "./texts.js";

/** Renders header and footer. Returns a function that renders the page's content between them. */
export function openPage(title) {
  document.title = `${title} · ${t.shop}`;
  const [header, main, footer] = ["header", "main", "footer"].map((name) => document.createElement(name));
  header.className = "site-header";
  main.id = "main";
  main.tabIndex = -1;
  const drawHeader = () => render(headerContent(), header);
  drawHeader();
  render(footerContent(), footer);
  document.body.append(skipLink(), header, main, footer);
  onBasketChange(drawHeader);
  onChangeInOtherTab("session", () => location.reload());
  mergeGuestBasket().catch(() => {}); // the basket page shows what is wrong
  return (content) => render(content, main);
}

function skipLink() {
  const link = document.createElement("a");
  link.className = "skip";
  link.href = "#main";
  link.textContent = t.layout.skip;
  return link;
}

function headerContent() {
  const itemCount = countItems(lastSeenBasket());
  return html`
    <a class="brand" href="/"><img src="/favicon.svg" alt="" width="32" height="32">${t.shop}</a>
    <nav aria-label=${t.layout.navigation}>
      ${isStaff() ? navigationLink("/staff", t.staff.title) : nothing}
      ${navigationLink("/orders", t.orders.title)}
      ${currentSession() ? signOutButton() : navigationLink("/sign-in", t.signIn.title)}
      <a href="/basket" aria-current=${ariaCurrent("/basket")}>
        ${t.basket.title} <span class="item-count" aria-label=${t.basket.items(itemCount)}>${itemCount}</span>
      </a>
    </nav>`;
}

const ariaCurrent = (path) => (location.pathname === path ? "page" : nothing);

function navigationLink(path, text) {
  return html`<a href=${path} aria-current=${ariaCurrent(path)}>${text}</a>`;
}

function signOutButton() {
  const onClick = async () => location.assign(await signOut().catch(() => "/"));
  return html`<button class="link" type="button" title=${currentSession().name} @click=${{ handleEvent: onClick, once: true }}>${t.signIn.out}</button>`;
}

function footerContent() {
  return html`<p>${t.layout.footer} <a href="/api/docs/">${t.layout.api}</a></p>`;
}
