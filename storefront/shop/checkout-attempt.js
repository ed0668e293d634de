// An attempt to place an order: request body and Idempotency-Key, stored until the shop has accepted or rejected it.
// A retry with the same key returns the same order, so a lost response never leads to a second order. The browser keeps
// one attempt: a new one replaces that of another visitor.
import { callApi, newIdempotencyKey, storageOwner } from "./session.js";
import { remove, restore, store } from "./storage.js";

/** This visitor's attempt that the shop has neither accepted nor rejected; null if there is none. */
export function pendingAttempt() {
  const attempt = restore("checkout-attempt");
  return attempt?.owner === storageOwner() ? attempt : null;
}

/**
 * Places the order and returns its id. If an earlier attempt with another body is pending, it is sent first; if the
 * shop accepts it, the result is that order's id and `checkout` is not sent.
 *
 * Throws RequestError. The attempt stays pending unless the shop has rejected it. A 401 rejects only the session.
 */
export async function placeOrder(checkout) {
  const body = JSON.stringify(checkout);
  const pending = pendingAttempt();
  if (pending && pending.body !== body) {
    const orderId = await sendAttempt(pending).catch((error) => {
      if (!isRejection(error)) throw error; // the outcome is still unknown
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
    if (isRejection(error)) remove("checkout-attempt");
    throw error;
  }
}

const isRejection = (error) => error.isFinal && error.status !== 401;
