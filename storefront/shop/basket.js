// The basket: kept by the shop; what was seen of it last stands in for it while it is away.
import { get } from "./api.js";
import { keep, recall, whenChangedElsewhere } from "./keep.js";
import { call } from "./visitor.js";

const changed = new EventTarget();

/** As it was seen last, in this tab or another; null before that. */
export const seen = () => recall("seen");
export const count = (basket) => (basket?.lines ?? []).reduce((sum, line) => sum + line.quantity, 0);

export async function load() {
  const { body } = await call("GET", "/basket");
  return remember(body);
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

function remember(basket) {
  keep("seen", basket);
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
