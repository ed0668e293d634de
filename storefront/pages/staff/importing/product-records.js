// Parses a record of the file into the fields of a product, by the rules of `./souk import`.
import { t } from "/shop/texts.js";
import { REQUIRED_FIELDS } from "./columns.js";
import { InvalidRecord } from "./errors.js";

/** Fields that a new product gets if its record does not have them. */
const DEFAULTS = { category: "uncategorised", weight_grams: 0, description: "", image: null };
const DETAIL_FIELDS = ["name", ...Object.keys(DEFAULTS)];
const NUMBER = /^(\d{1,15})(?:\.(\d{1,15}))?$/;
const problems = t.staff.importing.problems;

/**
 * The product of a record, for a shop that sells in `currency`. A field that is null keeps its value in the shop;
 * `omitted` names the fields whose values cannot be imported. Throws InvalidRecord with the errors of all fields.
 */
export function parseRecord(cells, columns, currency) {
  const errors = [];
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const decimals = format.resolvedOptions().maximumFractionDigits;

  function parse(field, convert = (text) => text) {
    try {
      const text = toText(cells[columns[field]]);
      if (text) return convert(text);
      if (REQUIRED_FIELDS.includes(field)) throw new Error(problems.missing);
    } catch ({ message }) {
      errors.push({ field, problem: message });
    }
    return null;
  }

  parse("currency", (text) => checkCurrency(text, currency));
  const image = parse("image");
  const isAddress = image?.includes("/");
  const fromKilograms = parse("weight_kg", (text) => scale(text, 3, problems.grams));
  const product = {
    sku: parse("sku"),
    name: parse("name", toOneLine),
    price: { amount: parse("price", (text) => parsePrice(text, decimals)), currency },
    category: parse("category", toOneLine),
    weight_grams: parse("weight_grams", (text) => scale(text, 0, problems.grams)) ?? fromKilograms,
    description: parse("description"),
    image: isAddress ? image : null,
    stock: parse("stock", (text) => scale(text, 0, problems.wholeNumber)),
    omitted: image !== null && !isAddress ? ["image"] : [],
  };
  if (errors.length) throw new InvalidRecord(...errors);
  return product;
}

/** The details of the record, completed with the `current` ones of the product, by default those of a new one. */
export function detailsWith(product, current = DEFAULTS) {
  return Object.fromEntries(DETAIL_FIELDS.map((name) => [name, product[name] ?? current[name]]));
}

function toText(value) {
  if (value === undefined || value === null) return "";
  if (!["string", "number"].includes(typeof value)) throw new Error(problems.type);
  const text = String(value).trim();
  if (text.includes("\uFFFD")) throw new Error(problems.notUtf8);
  return text;
}

const toOneLine = (text) => text.split(/\s+/).join(" ");

function checkCurrency(text, currency) {
  if (text.toUpperCase() !== currency) throw new Error(problems.currency(text.slice(0, 40), currency));
  return text;
}

function parsePrice(text, decimals) {
  const amount = scale(text, decimals, problems.decimals(decimals));
  if (!amount) throw new Error(problems.zero);
  return amount;
}

/** The number times ten to the power of `decimals`. Throws `problem` if the result is not whole. */
function scale(text, decimals, problem) {
  const [, whole, fraction = ""] = NUMBER.exec(text) ?? [];
  if (!whole) throw new Error(problems.number);
  const digits = fraction.replace(/0+$/, "");
  if (digits.length > decimals) throw new Error(problem);
  return Number(whole + digits.padEnd(decimals, "0"));
}
