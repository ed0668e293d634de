// Runs an import: reads the file record by record and sends a few records concurrently.
import { RequestError } from "/shop/api.js";
import { callApi } from "/shop/session.js";
import { t } from "/shop/texts.js";
import { createOrUpdate, receiveInitialStock } from "./catalog-client.js";
import { InvalidRecord, toInvalidRecord } from "./errors.js";
import { parseRecord } from "./product-records.js";

const CONCURRENCY = 4;
// Records in a row without a response. One may be too much for the shop; so many mean that the shop is down.
const MAX_CONSECUTIVE_FAILURES = CONCURRENCY;
const texts = t.staff.importing;

/** The state of an import: the number of records by outcome, values that were omitted, and errors for the report. */
export const newProgress = () => ({
  created: 0, updated: 0, unchanged: 0, failed: 0, done: 0,
  omitted: { stock: 0, image: 0 }, errors: [], isStopped: false,
});

/**
 * Creates or updates every product of the file, see inspectFile. Updates `progress` and calls `onProgress` after each
 * record, and stops when `progress.isStopped` is set. Throws when the shop rejects the session or stops responding.
 * An import that ended early can be repeated: what is imported already is unchanged.
 */
export async function importProducts(file, columns, progress, onProgress) {
  const { currency } = (await callApi("GET", "/basket")).body.subtotal;
  const records = file.records();
  const firstBySku = new Map();
  let consecutiveFailures = 0;

  async function worker() {
    for await (const record of records) {
      if (progress.isStopped) return;
      progress[await importRecord(record)] += 1;
      progress.done += 1;
      onProgress();
    }
  }

  async function importRecord(record) {
    try {
      const outcome = await importProduct(record);
      consecutiveFailures = 0;
      return outcome;
    } catch (error) {
      if ([401, 403].includes(error.status)) throw error;
      if (error instanceof RequestError && !error.isFinal) consecutiveFailures += 1;
      if (consecutiveFailures === MAX_CONSECUTIVE_FAILURES) throw new Error(texts.notResponding);
      const { errors } = error instanceof RequestError ? toInvalidRecord(error) : error;
      progress.errors.push(...errors.map((each) => ({ line: record.line, ...each, raw: record.raw })));
      return "failed";
    }
  }

  async function importProduct({ line, cells, problem }) {
    if (problem) throw new InvalidRecord({ field: null, problem });
    const product = parseRecord(cells, columns, currency);
    checkDuplicate(product, line);
    const outcome = await createOrUpdate(product);
    if (product.stock && !(await receiveInitialStock(product.sku, product.stock))) progress.omitted.stock += 1;
    for (const field of product.omitted) progress.omitted[field] += 1;
    return outcome;
  }

  /** Throws InvalidRecord if an earlier line has other values for the same SKU. */
  function checkDuplicate(product, line) {
    const values = JSON.stringify(product);
    const first = firstBySku.get(product.sku) ?? { line, values };
    firstBySku.set(product.sku, first);
    if (first.values !== values) {
      throw new InvalidRecord({ field: "sku", problem: texts.problems.duplicate(product.sku, first.line) });
    }
  }

  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}
