// An attempt to place an order: request body and Idempotency-Key, stored until the shop has responded.
// A retry with the same key returns the same order, so a lost response never leads to a second order.
import { callApi, newIdempotencyKey, storageOwner } from "./session.js";
import { remove, restore, store } from "./storage.js";

/** This visitor's attempt that was sent without a response; null if there is none. */
export function pendingAttempt() {
  const attempt = restore("checkout-attempt");
  return attempt?.owner === storageOwner() ? attempt : null;
}

/**
 * Places the order and returns its id. First completes a pending attempt with another body.
 * Throws RequestError. Unless the error is final, the attempt stays pending and the next call retries it.
 */
export async function placeOrder(checkout) {
  const body = JSON.stringify(checkout);
  const pending = pendingAttempt();
  if (pending && pending.body !== body) {
    const orderId = await sendAttempt(pending).catch((error) => {
      if (!error.isFinal) throw error; // the outcome is still unknown
      return null; // it was rejected, so this is a new order
    });
    if (orderId) return orderId;
  }
  return sendAttempt(pendingAttempt() ?? startAttempt(body));
}

function startAttempt(body) {
  const attempt = { key: newIdempotencyKey(), body, owner: storageOwner() };
  store("checkout-attempt", attempt); // before it is sent: the page may be closed right after
  return attempt;
}

async function sendAttempt({ key, body }) {
  try {
    const response = await callApi("POST", "/basket/checkout", { body, headers: { "idempotency-key": key } });
    remove("checkout-attempt");
    remove("basket"); // the shop has closed it
    return response.body.order_id;
  } catch (error) {
    if (error.isFinal && error.status !== 401) remove("checkout-attempt");
    throw error;
  }
}
