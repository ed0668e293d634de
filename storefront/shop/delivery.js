// The ways an order can come, and what each costs.
import { get } from "./api.js";
import { t } from "./texts.js";

const COUNTRIES = ["GB", "IE", "FR", "DE", "NL", "BE", "ES", "PT", "IT", "AT", "CH", "DK", "SE", "NO", "FI", "PL", "US", "CA", "AU", "NZ", "JP"];

export const countries = COUNTRIES;

/** Options as { id, name, price }, those of the basket where it tells any. */
export async function options(basket, country) {
  if (basket.shipping_options?.length) return basket.shipping_options.map(option);
  const weights = await Promise.all(basket.lines.map(grams));
  const query = new URLSearchParams({ country, weight_grams: weights.reduce((sum, each) => sum + each, 0) });
  return (await get(`/api/shipping-options?${query}`)).items.map(option);
}

const option = ({ id, option: slug, name, price }) => {
  const known = id ?? slug;
  return { id: known, name: name ?? t.checkout.options[known] ?? known, price };
};

async function grams({ sku, quantity }) {
  const product = await get(`/api/products/${encodeURIComponent(sku)}`);
  return product.weight_grams * quantity;
}
