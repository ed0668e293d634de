// The ways an order can come, as a basket tells them for a country.
import { t } from "./texts.js";

export const countries = [
  "GB", "IE", "FR", "DE", "NL", "BE", "ES", "PT", "IT", "AT", "CH", "DK", "SE", "NO", "FI", "PL",
  "US", "CA", "AU", "NZ", "JP",
];

/** Each with the words for it: the shop's own where it has any. */
export function ways(basket) {
  return basket.shipping_options.map(({ id, name, price }) => ({ id, price, name: name ?? t.checkout.options[id] ?? id }));
}
