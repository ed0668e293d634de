// Creates and updates products through the staff API.
import { sendRequest } from "/shop/api.js";
import { callSignedIn } from "/shop/session.js";
import { t } from "/shop/texts.js";
import { InvalidRecord } from "./errors.js";
import { detailsWith } from "./product-records.js";

const PRODUCTS_PATH = "/staff/products";
const MAX_ATTEMPTS = 4; // to update a product that others change at the same time
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 8000;
const problems = t.staff.importing.problems;

/**
 * Lists the product, or updates what differs. Returns "created", "updated" or "unchanged". Idempotent.
 * Throws InvalidRecord, RequestError.
 */
export async function createOrUpdate(product) {
  const body = { sku: product.sku, ...detailsWith(product), price: product.price };
  const listing = withRetries(() => callSignedIn("POST", PRODUCTS_PATH, { body }));
  if (await nullIfError("sku-exists", listing)) return "created";
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const outcome = await nullIfError("precondition-failed", update(product));
    if (outcome) return outcome;
  }
  throw new InvalidRecord({ field: null, problem: problems.concurrentUpdates });
}

/**
 * Receives the initial stock of a product, once for all imports. Returns null if an earlier import received another
 * quantity; the stock stays the same.
 */
export function receiveInitialStock(sku, quantity) {
  const headers = { "idempotency-key": `import-${sku}` };
  const body = { quantity, reference: "import" };
  const path = `/staff/stock/${encodeURIComponent(sku)}/receipts`;
  return nullIfError("idempotency-key-reused", withRetries(() => callSignedIn("POST", path, { body, headers })));
}

/** Updates details and price, where they differ, by separate requests. */
async function update(product) {
  const sku = encodeURIComponent(product.sku);
  const { body: current, etag } = await withRetries(() => sendRequest("GET", `/api/products/${sku}`));
  if (current.status !== "listed") throw new InvalidRecord({ field: "sku", problem: problems.delisted });
  const put = (path, body, version) => withRetries(() => callSignedIn("PUT", `${PRODUCTS_PATH}/${sku}${path}`, {
    body, headers: { "if-match": version },
  }));
  const details = detailsWith(product, current);
  const { price } = product;
  let last = null;
  if (Object.keys(details).some((name) => details[name] !== current[name])) last = await put("", details, etag);
  if (price.amount !== current.price.amount) last = await put("/price", { price }, last?.etag ?? etag);
  return last ? "updated" : "unchanged";
}

/** The promise's value; null if it fails with an error of this problem type. */
async function nullIfError(type, promise) {
  try {
    return await promise;
  } catch (error) {
    if (error.type !== type) throw error;
    return null;
  }
}

/** Retries until there is a response. Only for idempotent requests. */
async function withRetries(send) {
  for (let pause = MIN_PAUSE_MS; ; pause *= 2) {
    try {
      return await send();
    } catch (error) {
      if (error.isFinal || pause > MAX_PAUSE_MS) throw error;
    }
    await new Promise((resolve) => { setTimeout(resolve, pause); });
  }
}
