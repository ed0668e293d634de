// Texts and formats of the pages. Another language needs another file beside en.js, imported here.
import { texts } from "/texts/en.js";

const LANGUAGE = document.documentElement.lang;
export const t = texts;

/** `amount` is in minor units, as everywhere in the shop. */
export function formatMoney({ amount, currency }) {
  const format = new Intl.NumberFormat(LANGUAGE, { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** The sum of amounts of one currency. */
export function addMoney(...amounts) {
  const [{ currency }] = amounts;
  return { amount: amounts.reduce((sum, { amount }) => sum + amount, 0), currency };
}

export function formatWeight(grams) {
  const [value, unit] = grams < 1000 ? [grams, "gram"] : [grams / 1000, "kilogram"];
  const options = { style: "unit", unit, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(LANGUAGE, options).format(value);
}

/** Date and time of an ISO 8601 timestamp, in the visitor's time zone. */
export function formatTime(timestamp) {
  const options = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(LANGUAGE, options).format(new Date(timestamp));
}

/** `date` is a day in UTC, such as 2026-11-29. */
export function formatDay(date) {
  const options = { day: "numeric", month: "short", timeZone: "UTC" };
  return new Intl.DateTimeFormat(LANGUAGE, options).format(new Date(date));
}

/** The name of a country by its code, such as GB. */
export function countryName(code) {
  return new Intl.DisplayNames(LANGUAGE, { type: "region" }).of(code);
}
