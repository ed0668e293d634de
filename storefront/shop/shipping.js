// Countries and shipping options of the checkout.
import { t } from "./texts.js";

export const COUNTRIES = [
  "GB", "IE", "FR", "DE", "NL", "BE", "ES", "PT", "IT", "AT", "CH", "DK", "SE", "NO", "FI", "PL",
  "US", "CA", "AU", "NZ", "JP",
];

/** The basket's shipping options: id, price and the name to show. */
export function shippingOptions(basket) {
  return basket.shipping_options.map(({ id, name, price }) => ({ id, price, name: name ?? t.checkout.options[id] ?? id }));
}
