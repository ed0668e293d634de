// The import itself: record by record, a few of them under way at a time.
import { Trouble } from "/shop/api.js";
import { t } from "/shop/texts.js";
import { call } from "/shop/visitor.js";
import { Faulty, refusal } from "./faults.js";
import { offer } from "./offers.js";
import { put, receive } from "./shelf.js";

const AT_ONCE = 4;
const LOST_IN_A_ROW = AT_ONCE; // one line may be too much for the shop; so many mean it is gone
const words = t.staff.importing;

export const beginning = () => ({
  created: 0, updated: 0, unchanged: 0, failed: 0, done: 0,
  leftOut: { stock: 0, image: 0 }, faults: [], isStopped: false,
});

/**
 * Lets the shop have every product of the file; `progress` keeps what came of it and can stop it, and `changed` is
 * called after each. Throws when the shop will not let us go on; doing it again goes on where it ended.
 */
export async function bringIn(list, columns, progress, changed) {
  const { currency } = (await call("GET", "/basket")).body.subtotal;
  const records = list.records();
  const seen = new Map();
  let lost = 0;

  async function worker() {
    for await (const record of records) {
      if (progress.isStopped) return;
      progress[await outcomeOf(record)] += 1;
      progress.done += 1;
      changed();
    }
  }

  async function outcomeOf(record) {
    try {
      const outcome = await bring(record);
      lost = 0;
      return outcome;
    } catch (error) {
      if ([401, 403].includes(error.status)) throw error;
      lost = error instanceof Trouble && !error.isAnswer ? lost + 1 : lost;
      if (lost === LOST_IN_A_ROW) throw new Error(words.gone);
      const { faults } = error instanceof Trouble ? refusal(error) : error;
      progress.faults.push(...faults.map((fault) => ({ line: record.line, ...fault, raw: record.raw })));
      return "failed";
    }
  }

  async function bring({ line, cells, problem }) {
    if (problem) throw new Faulty({ field: null, problem });
    const found = offer(cells, columns, currency);
    const said = JSON.stringify(found);
    const first = seen.get(found.sku) ?? { line, said };
    seen.set(found.sku, first);
    if (first.said !== said) throw new Faulty({ field: "sku", problem: words.faults.otherwise(first.line) });
    const outcome = await put(found);
    if (found.stock && !(await receive(found.sku, found.stock))) progress.leftOut.stock += 1;
    progress.leftOut.image += found.isImageLeft;
    return outcome;
  }

  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
