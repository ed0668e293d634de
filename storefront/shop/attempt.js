// One attempt to place an order: its body and key, kept until the shop has answered it.
// Asked again with the same key it is answered the same, so a lost answer never doubles an order.
import { forget, keep, recall } from "./keep.js";
import { by, call, newKey } from "./visitor.js";

/** The attempt that was sent and not answered, of whoever is here now; null if there is none. */
export function unanswered() {
  const kept = recall("attempt");
  return kept?.by === by() ? kept : null;
}

/**
 * Place the order, after asking what became of an earlier attempt. Returns the order's id.
 * Throws Trouble; while it is no answer, the attempt stays and is asked about the next time.
 */
export async function place(wish) {
  const body = JSON.stringify(wish);
  const earlier = unanswered();
  if (earlier && earlier.body !== body) {
    const placed = await settle(earlier).catch((trouble) => {
      if (!trouble.isAnswer) throw trouble; // still nobody knows
      return null; // it was refused, so this is a new order
    });
    if (placed) return placed;
  }
  return settle(unanswered() ?? begin(body));
}

function begin(body) {
  const attempt = { key: newKey(), body, by: by() };
  keep("attempt", attempt); // before it is sent: the page may be closed the moment after
  return attempt;
}

async function settle({ key, body }) {
  try {
    const answer = await call("POST", "/basket/checkout", { body, headers: { "idempotency-key": key } });
    forget("attempt");
    forget("seen"); // the basket it was is closed
    return answer.body.order_id;
  } catch (trouble) {
    if (trouble.isAnswer && trouble.status !== 401) forget("attempt");
    throw trouble;
  }
}
