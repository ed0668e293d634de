// Lays out the stalls: products by category, a page at a time, from the public API.

const LANGUAGE = document.documentElement.lang;
const PAGE_SIZE = 24;

const $ = (id) => document.getElementById(id);
const grid = $("grid");
const more = $("more");
const dialog = $("product");

let loading = new AbortController(); // of the page on its way; a newer choice calls it off
let cursor = null;

async function ask(path, signal) {
  const answer = await fetch(path, { headers: { accept: "application/json" }, signal });
  if (!answer.ok) throw new Error(`The shop answered ${answer.status}${await why(answer)}.`);
  return answer.json();
}

async function why(answer) {
  const problem = await answer.json().catch(() => ({}));
  return problem.title ? ` (${problem.title})` : "";
}

function reason(error) {
  return error instanceof TypeError ? "The shop did not answer." : error.message;
}

// --- words ------------------------------------------------------------------------------------

function price({ amount, currency }) {
  const format = new Intl.NumberFormat(LANGUAGE, { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

function weight(grams) {
  const [value, unit] = grams < 1000 ? [grams, "gram"] : [grams / 1000, "kilogram"];
  const style = { style: "unit", unit, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(LANGUAGE, style).format(value);
}

function counted(shown, hasMore) {
  if (hasMore) return `${shown} shown, more to see`;
  return shown === 1 ? "1 product" : `${shown} products`;
}

// --- one product ------------------------------------------------------------------------------

function picture(product) {
  const image = new Image(400, 400);
  image.loading = "lazy";
  image.decoding = "async";
  image.alt = "";
  image.src = product.image ?? "/favicon.svg";
  image.classList.toggle("none", !product.image);
  image.addEventListener("error", () => {
    image.src = "/favicon.svg";
    image.classList.add("none");
  }, { once: true });
  return image;
}

function fill(place, product) {
  place.querySelector(".picture").replaceChildren(picture(product));
  place.querySelector(".kind").textContent = product.category;
  place.querySelector(".price").textContent = price(product.price);
}

function card(product) {
  const item = $("card").content.cloneNode(true).firstElementChild;
  fill(item, product);
  const open = item.querySelector(".open");
  open.textContent = product.name;
  open.addEventListener("click", () => show(product));
  return item;
}

async function show(product) {
  const source = `/api/products/${encodeURIComponent(product.sku)}`;
  const put = (selector, text) => { dialog.querySelector(selector).textContent = text; };
  fill(dialog, product);
  put("#product-name", product.name);
  put(".sku", product.sku);
  put(".weight", weight(product.weight_grams));
  put(".source", source);
  put(".description", "…");
  dialog.querySelector(".source").href = source;
  dialog.dataset.sku = product.sku;
  dialog.showModal();
  const text = await ask(source).then((whole) => whole.description ?? "", reason);
  if (dialog.dataset.sku === product.sku) put(".description", text);
}

// --- the stalls -------------------------------------------------------------------------------

const chosen = () => new URLSearchParams(location.search).get("category");

function pagePath() {
  const query = new URLSearchParams({ limit: PAGE_SIZE });
  if (chosen()) query.set("category", chosen());
  if (cursor) query.set("cursor", cursor);
  return `/api/products?${query}`;
}

function skeletons() {
  return Array.from({ length: 8 }, () => {
    const item = document.createElement("li");
    item.className = "card waiting";
    return item;
  });
}

async function nextPage() {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  grid.setAttribute("aria-busy", "true");
  more.disabled = true;
  $("trouble").hidden = true;
  try {
    layOut(await ask(pagePath(), signal));
  } catch (error) {
    if (signal.aborted) return;
    confess(error);
  }
  grid.setAttribute("aria-busy", "false");
  more.disabled = false;
}

function layOut({ items, next }) {
  const cards = items.map(card);
  const isFirst = cursor === null;
  if (isFirst) grid.replaceChildren(...cards);
  else grid.append(...cards);
  cursor = next;
  more.hidden = !next;
  $("empty").hidden = grid.childElementCount > 0;
  $("count").textContent = grid.childElementCount ? counted(grid.childElementCount, next) : "";
  if (!isFirst) cards[0]?.querySelector(".open").focus(); // the button may just have vanished
}

function confess(error) {
  if (cursor === null) grid.replaceChildren();
  $("count").textContent = "";
  $("trouble-reason").textContent = reason(error);
  $("trouble").hidden = false;
  more.hidden = true;
}

function openStalls() {
  cursor = null;
  more.hidden = true;
  $("empty").hidden = true;
  $("count").textContent = "Loading…";
  grid.replaceChildren(...skeletons());
  for (const chip of $("categories").children) mark(chip);
  return nextPage();
}

// --- categories -------------------------------------------------------------------------------

function chip(name, label) {
  const link = document.createElement("a");
  link.href = name === null ? "/" : `/?${new URLSearchParams({ category: name })}`;
  link.textContent = label;
  link.addEventListener("click", (event) => choose(event, link));
  mark(link);
  return link;
}

function mark(link) {
  if (new URL(link.href).searchParams.get("category") === chosen()) link.ariaCurrent = "page";
  else link.removeAttribute("aria-current");
}

function choose(event, link) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab or window was meant
  event.preventDefault();
  history.pushState(null, "", link.href);
  openStalls();
}

async function listCategories() {
  const { items } = await ask("/api/categories");
  const chips = items.map(({ name, products }) => chip(name, `${name} (${products})`));
  $("categories").replaceChildren(chip(null, "Everything"), ...chips);
  $("categories").hidden = items.length === 0;
}

function start() {
  openStalls();
  listCategories().catch(() => { $("categories").hidden = true; }); // the stalls tell what is wrong
}

more.addEventListener("click", nextPage);
$("retry").addEventListener("click", () => (cursor === null ? start() : nextPage()));
dialog.querySelector(".close").addEventListener("click", () => dialog.close());
window.addEventListener("popstate", openStalls);
start();
