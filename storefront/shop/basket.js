// The basket: kept by the shop; what was seen of it last stands in for it while it is away.
import { get } from "./api.js";
import { forget, keep, recall, whenChangedElsewhere } from "./keep.js";
import { by, call, callSignedIn, guestToken, session } from "./visitor.js";

const changed = new EventTarget();

/** As whoever is here saw it last, in this tab or another; null before that. */
export function seen() {
  const kept = recall("seen");
  return kept?.by === by() ? kept.basket : null;
}

export const count = (basket) => (basket?.lines ?? []).reduce((sum, line) => sum + line.quantity, 0);

/** With what delivery costs to the country, where one is named. */
export async function load(country) {
  const whose = by(); // who may be somebody else when the answer comes
  const { body } = await call("GET", country ? `/basket?${new URLSearchParams({ country })}` : "/basket");
  return remember(body, whose);
}

/** Take along what was put as a guest. Asked until it is answered: the shop does it once. */
export async function bringBasket() {
  if (!recall("merge") || !session()) return;
  const whose = by();
  try {
    const headers = { "guest-token": guestToken() };
    remember((await callSignedIn("POST", "/basket/merge", { headers })).body, whose);
  } catch (trouble) {
    if (!trouble.isAnswer) return; // the next page asks again
    if (trouble.slug !== "basket-full") throw trouble;
  }
  forget("merge");
}

export async function put(sku, quantity) {
  await call("PUT", `/basket/items/${encodeURIComponent(sku)}`, { body: { quantity } });
  return load();
}

export async function add(sku, more) {
  const held = (await load()).lines.find((line) => line.sku === sku)?.quantity ?? 0;
  return put(sku, held + more);
}

export async function remove(sku) {
  await call("DELETE", `/basket/items/${encodeURIComponent(sku)}`);
  return load();
}

function remember(basket, whose) {
  keep("seen", { by: whose, basket });
  changed.dispatchEvent(new Event("change"));
  return basket;
}

/** Calls back when the basket changed, here or in another tab. */
export function whenChanged(callback) {
  changed.addEventListener("change", callback);
  whenChangedElsewhere("seen", callback);
}

/** Pictures of what is in it; of a product that cannot be asked for there is none. */
export async function pictures(lines) {
  const found = await Promise.all(lines.map(({ sku }) =>
    get(`/api/products/${encodeURIComponent(sku)}`).catch(() => null)));
  return new Map(lines.map(({ sku }, index) => [sku, found[index]?.image]));
}
