// A record of the file as the product it asks the shop to have: the rules of `./souk import`.
import { t } from "/shop/texts.js";
import { Faulty } from "./faults.js";

export const NEEDED = ["sku", "name", "price"];
const NEW = { category: "uncategorised", weight_grams: 0, description: "", image: null };
const DETAILS = ["name", ...Object.keys(NEW)];
const NUMBER = /^(\d{1,15})(?:\.(\d{1,15}))?$/;
const words = t.staff.importing.faults;

/** What the record says of a product, null where it says nothing; throws Faulty with all that is wrong. */
export function offer(cells, columns, currency) {
  const faults = [];
  const decimals = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;

  function take(field, make = (said) => said) {
    try {
      const said = spoken(cells[columns[field]]);
      if (said) return make(said);
      if (NEEDED.includes(field)) throw new Error(words.missing);
    } catch ({ message }) {
      faults.push({ field, problem: message });
    }
    return null;
  }

  take("currency", (said) => ownCurrency(said, currency));
  const image = take("image");
  const hasAddress = image?.includes("/"); // a bare file name has none
  const kilograms = take("weight_kg", (said) => scaled(said, 3, words.weight));
  const found = {
    sku: take("sku"),
    name: take("name", oneLine),
    price: { amount: take("price", (said) => price(said, decimals)), currency },
    category: take("category", oneLine),
    weight_grams: take("weight_grams", (said) => scaled(said, 0, words.weight)) ?? kilograms,
    description: take("description"),
    image: hasAddress ? image : null,
    stock: take("stock", (said) => scaled(said, 0, words.whole)),
    isImageLeft: image !== null && !hasAddress,
  };
  if (faults.length) throw new Faulty(...faults);
  return found;
}

/** All that describes the product: what the offer says, else what is known. */
export function details(found, known = NEW) {
  return Object.fromEntries(DETAILS.map((name) => [name, found[name] ?? known[name]]));
}

function spoken(value) {
  if (value === undefined || value === null) return "";
  if (!["string", "number"].includes(typeof value)) throw new Error(words.plain);
  const said = String(value).trim();
  if (said.includes("\uFFFD")) throw new Error(words.utf8);
  return said;
}

const oneLine = (said) => said.split(/\s+/).join(" ");

function ownCurrency(said, currency) {
  if (said.toUpperCase() !== currency) throw new Error(words.currency(currency));
  return said;
}

function price(said, decimals) {
  const amount = scaled(said, decimals, words.decimals(decimals));
  if (!amount) throw new Error(words.zero);
  return amount;
}

/** Decimal text as a whole number of a unit smaller by so many decimals: exactly, or not at all. */
function scaled(said, decimals, otherwise) {
  const [, whole, part = ""] = NUMBER.exec(said) ?? [];
  if (!whole) throw new Error(words.number);
  const digits = part.replace(/0+$/, "");
  if (digits.length > decimals) throw new Error(otherwise);
  return Number(whole + digits.padEnd(decimals, "0"));
}
