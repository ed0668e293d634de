// Brings one offer into the shop: lists it, changes it, or finds it there as it is.
import { ask } from "/shop/api.js";
import { t } from "/shop/texts.js";
import { callSignedIn } from "/shop/visitor.js";
import { Faulty } from "./faults.js";
import { details } from "./offers.js";

const STAFF = "/staff/products";
const TRIES = 4; // when others change the same product meanwhile
const SHORTEST_PAUSE = 250; // ms
const LONGEST_PAUSE = 8000;
const words = t.staff.importing.faults;

/** "created", "updated" or "unchanged". Safe to do again: what is there as offered is not touched. */
export async function put(offer) {
  const { sku, price } = offer;
  const listing = { sku, ...details(offer), price };
  if (await unless("sku-taken", steadily(() => callSignedIn("POST", STAFF, { body: listing })))) return "created";
  for (let tries = 0; tries < TRIES; tries += 1) {
    const outcome = await unless("changed-meanwhile", adapt(offer));
    if (outcome) return outcome;
  }
  throw new Faulty({ field: null, problem: words.contended });
}

/** Receives the product's first goods, once for all imports; falsy if an earlier one brought another number. */
export function receive(sku, quantity) {
  const headers = { "idempotency-key": `import-${sku}` };
  const body = { quantity, reference: "import" };
  const path = `/staff/stock/${encodeURIComponent(sku)}/receipts`;
  return unless("idempotency-key-reused", steadily(() => callSignedIn("POST", path, { body, headers })));
}

/** Each change names the version the one before has made. */
async function adapt(offer) {
  const sku = encodeURIComponent(offer.sku);
  const { body: known, etag } = await steadily(() => ask("GET", `/api/products/${sku}`));
  if (known.status !== "listed") throw new Faulty({ field: "sku", problem: words.delisted });
  const wanted = details(offer, known);
  const change = (path, body, version) => steadily(() => callSignedIn("PUT", `${STAFF}/${sku}${path}`, {
    body, headers: { "if-match": version },
  }));
  let last = null;
  if (Object.keys(wanted).some((name) => wanted[name] !== known[name])) last = await change("", wanted, etag);
  const { price } = offer;
  if (price.amount !== known.price.amount) last = await change("/price", { price }, last?.etag ?? etag);
  return last ? "updated" : "unchanged";
}

/** What was answered; null if it was refused for just this. */
async function unless(slug, answer) {
  try {
    return await answer;
  } catch (trouble) {
    if (trouble.slug !== slug) throw trouble;
    return null;
  }
}

/** Asks again while there is no answer; only for what may safely be sent twice. */
async function steadily(send) {
  for (let pause = SHORTEST_PAUSE; ; pause *= 2) {
    try {
      return await send();
    } catch (trouble) {
      if (trouble.isAnswer || pause > LONGEST_PAUSE) throw trouble;
    }
    await new Promise((resolve) => { setTimeout(resolve, pause); });
  }
}
