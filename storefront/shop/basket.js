// The visitor's basket. The shop keeps it; the browser stores it as last seen, to show it without a connection.
import { get } from "./api.js";
import { callApi, callSignedIn, currentSession, getGuestToken, storageOwner } from "./session.js";
import { onChangeInOtherTab, remove, restore, store } from "./storage.js";

const changes = new EventTarget();

/** The visitor's basket as last seen, in this tab or another; null if it was never loaded. */
export function lastSeenBasket() {
  const stored = restore("basket");
  return stored?.owner === storageOwner() ? stored.basket : null;
}

export const countItems = (basket) => (basket?.lines ?? []).reduce((sum, line) => sum + line.quantity, 0);

/** With `country`, the shipping options are those that ship to it. */
export async function loadBasket(country) {
  const owner = storageOwner(); // before the request: somebody may sign in or out meanwhile
  const { body } = await callApi("GET", country ? `/basket?${new URLSearchParams({ country })}` : "/basket");
  return storeBasket(body, owner);
}

/** After sign-in, merges the guest's basket into the user's. Retried on every page until the shop responds. */
export async function mergeGuestBasket() {
  if (!restore("merge") || !currentSession()) return;
  const owner = storageOwner();
  try {
    const headers = { "guest-token": getGuestToken() };
    storeBasket((await callSignedIn("POST", "/basket/merge", { headers })).body, owner);
  } catch (error) {
    if (!error.isFinal) return; // the next page retries
    if (error.type !== "basket-full") throw error;
  }
  remove("merge");
}

/** Returns the changed basket. */
export async function setQuantity(sku, quantity) {
  await callApi("PUT", `/basket/items/${encodeURIComponent(sku)}`, { body: { quantity } });
  return loadBasket();
}

/** Adds `quantity` to what the basket has of the product. Returns the changed basket. */
export async function addItems(sku, quantity) {
  const current = (await loadBasket()).lines.find((line) => line.sku === sku)?.quantity ?? 0;
  return setQuantity(sku, current + quantity);
}

/** Returns the changed basket. */
export async function removeLine(sku) {
  await callApi("DELETE", `/basket/items/${encodeURIComponent(sku)}`);
  return loadBasket();
}

function storeBasket(basket, owner) {
  store("basket", { owner, basket });
  changes.dispatchEvent(new Event("change"));
  return basket;
}

/** Calls `callback` when the basket changes, in this tab or another. */
export function onBasketChange(callback) {
  changes.addEventListener("change", callback);
  onChangeInOtherTab("basket", callback);
}

/** The products' pictures by SKU. A product that cannot be loaded has none. */
export async function loadPictures(lines) {
  const products = await Promise.all(lines.map(({ sku }) =>
    get(`/api/products/${encodeURIComponent(sku)}`).catch(() => null)));
  return new Map(lines.map(({ sku }, index) => [sku, products[index]?.image]));
}
