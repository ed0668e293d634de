// The words of the pages. Another language is another file beside en.js and its import here.
import { texts } from "/texts/en.js";

export const LANGUAGE = document.documentElement.lang;
export const t = texts;

/** Amounts are integers of minor units, as everywhere in the shop. */
export function money({ amount, currency }) {
  const format = new Intl.NumberFormat(LANGUAGE, { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

export function plus(...prices) {
  const [{ currency }] = prices;
  return { amount: prices.reduce((sum, price) => sum + price.amount, 0), currency };
}

export function weight(grams) {
  const [value, unit] = grams < 1000 ? [grams, "gram"] : [grams / 1000, "kilogram"];
  const style = { style: "unit", unit, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(LANGUAGE, style).format(value);
}

export function moment(stamp) {
  const style = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(LANGUAGE, style).format(new Date(stamp));
}

/** A day such as 2026-11-29, which is one of UTC. */
export function day(date) {
  const style = { day: "numeric", month: "short", timeZone: "UTC" };
  return new Intl.DateTimeFormat(LANGUAGE, style).format(new Date(date));
}

export function country(code) {
  return new Intl.DisplayNames(LANGUAGE, { type: "region" }).of(code);
}
