"""The checks of the audit, as SQL queries: each row of a result is an inconsistency.

Each query yields `since`, the Unix time in milliseconds of the latest work that could explain the
row (0 if nothing could), and the values that the message names.
"""

from typing import NamedTuple


class Check(NamedTuple):
    guarantee: str
    name: str
    message: str
    query: str


EXACTLY_ONE_ORDER = (
    Check(
        "G1",
        "checkout-without-order",
        "Checkout {order_id} was accepted, but its order does not exist.",
        """SELECT created_at(order_id) AS since, order_id, owner FROM checkouts
        WHERE order_id NOT IN (SELECT order_id FROM orders)""",
    ),
    Check(
        "G1",
        "order-without-checkout",
        "Order {order_id} exists, but has no checkout.",
        """SELECT created_at(order_id) AS since, order_id, owner FROM orders
        WHERE order_id NOT IN (SELECT order_id FROM checkouts)""",
    ),
    Check(
        "G1",
        "checkouts-share-an-order",
        "Order {order_id} belongs to {checkouts} checkouts.",
        """SELECT 0 AS since, order_id, CAST(count(*) AS TEXT) AS checkouts FROM checkouts
        GROUP BY order_id HAVING count(*) > 1""",
    ),
    Check(
        "G1",
        "order-differs-from-checkout",
        "Order {order_id} has another total or owner than its checkout.",
        """SELECT 0 AS since, order_id, orders.owner FROM orders JOIN checkouts USING (order_id)
        WHERE orders.total != checkouts.total OR orders.currency != checkouts.currency
        OR orders.owner != checkouts.owner""",
    ),
    Check(
        "G1",
        "order-total-mismatch",
        "The lines and shipping of order {order_id} do not add up to its total.",
        """SELECT created_at(order_id) AS since, order_id FROM orders LEFT JOIN order_lines
        USING (order_id) WHERE amount IS NULL OR amount + shipping != total""",
    ),
)

ORDER_UNDECIDED = Check(
    "G1",
    "order-undecided",
    "Order {order_id} is still {status}, neither confirmed nor rejected.",
    """SELECT created_at(order_id) AS since, order_id, status FROM orders
    WHERE status IN ('placed', 'rejecting')""",
)

NEVER_OVERSOLD = (
    Check(
        "G2",
        "stock-negative",
        "The available stock of {sku} is negative.",
        "SELECT 0 AS since, sku FROM stock WHERE available < 0",
    ),
    Check(
        "G2",
        "stock-out-of-balance",
        "{sku}: {received} received, but {available} available and {held} reserved or sold.",
        """SELECT coalesce(since, 0) AS since, sku, CAST(received AS TEXT) AS received,
        CAST(available AS TEXT) AS available, CAST(coalesce(held, 0) AS TEXT) AS held
        FROM stock LEFT JOIN held_by_sku USING (sku)
        WHERE received != available + coalesce(held, 0)""",
    ),
    Check(
        "G2",
        "stock-movements-mismatch",
        "{sku}: {received} received, but its stock movements add up to {moved}.",
        """SELECT 0 AS since, sku, CAST(received AS TEXT) AS received,
        CAST(coalesce(sum(quantity), 0) AS TEXT) AS moved
        FROM stock LEFT JOIN movements USING (sku) GROUP BY sku
        HAVING received != coalesce(sum(quantity), 0)""",
    ),
    Check(
        "G2",
        "held-but-never-received",
        "{sku} is held for orders, but was never received.",
        """SELECT since, sku FROM held_by_sku WHERE held > 0
        AND sku NOT IN (SELECT sku FROM stock)""",
    ),
    Check(
        "G2",
        "hold-without-order",
        "Stock is held for order {order_id}, which does not exist.",
        """SELECT created_at(order_id) AS since, order_id FROM holds
        WHERE progress > 0 AND order_id NOT IN (SELECT order_id FROM orders)""",
    ),
    Check(
        "G2",
        "confirmed-without-stock",
        "Order {order_id} is confirmed, but its stock is not committed: {hold}.",
        """SELECT orders.since, order_id, coalesce(holds.status, 'no hold') AS hold
        FROM orders LEFT JOIN holds USING (order_id)
        WHERE orders.status IN ('confirmed', 'dispatched', 'delivered')
        AND coalesce(holds.status, '') != 'committed'""",
    ),
    Check(
        "G2",
        "hold-differs-from-order",
        "The hold for order {order_id} has other lines than the order.",
        """SELECT orders.since, order_id FROM holds JOIN orders USING (order_id)
        LEFT JOIN order_lines USING (order_id) LEFT JOIN hold_digests USING (order_id)
        WHERE progress > 0 AND order_lines.digest IS NOT hold_digests.digest""",
    ),
    Check(
        "G2",
        "rejected-but-held",
        "Order {order_id} is rejected, but stock is still held for it.",
        """SELECT orders.since, order_id FROM holds JOIN orders USING (order_id)
        WHERE orders.status = 'rejected' AND progress > 0""",
    ),
    Check(
        "G2",
        "cancelled-but-held",
        "Order {order_id} is cancelled, but stock is still held for it.",
        """SELECT orders.since, order_id FROM holds JOIN orders USING (order_id)
        WHERE orders.status = 'cancelled' AND progress > 0""",
    ),
)

RETURNS_MATCH = (
    Check(
        "G2",
        "more-returned-than-bought",
        "{quantity} of {sku} are returned from order {order_id}, more than it bought.",
        """SELECT 0 AS since, order_id, sku, CAST(sum(quantity) AS TEXT) AS quantity
        FROM return_lines JOIN returns USING (order_id, return_id) WHERE status != 'rejected'
        GROUP BY order_id, sku HAVING sum(quantity) > (SELECT coalesce(sum(bought.quantity), 0)
        FROM hold_lines AS bought WHERE bought.order_id = returns.order_id
        AND bought.sku = return_lines.sku)""",
    ),
    Check(
        "G2",
        "returns-mismatch",
        "The returns of order {order_id} do not add up to the quantities stored with the order.",
        """SELECT max(since) AS since, order_id FROM returns JOIN
        (SELECT return_id, sum(quantity) AS items FROM return_lines GROUP BY return_id)
        USING (return_id) LEFT JOIN order_returns USING (order_id) GROUP BY order_id
        HAVING sum(items) FILTER (WHERE status != 'rejected') IS NOT nullif(max(requested), 0)
        OR sum(items) FILTER (WHERE status IN ('accepted', 'refunded'))
        IS NOT nullif(max(accepted), 0)""",
    ),
    Check(
        "G2",
        "return-of-undelivered-order",
        "Return {return_id} belongs to order {order_id}, which is {status}.",
        """SELECT 0 AS since, return_id, order_id, coalesce(orders.status, 'missing') AS status
        FROM returns LEFT JOIN orders USING (order_id)
        WHERE coalesce(orders.status, '') != 'delivered'""",
    ),
    Check(
        "G2",
        "return-not-booked",
        "Return {return_id} of order {order_id} is accepted, but inventory did not book {sku} so.",
        """SELECT since, return_id, order_id, sku FROM accepted_returns
        JOIN return_lines USING (return_id, order_id) LEFT JOIN booked_returns AS booked
        USING (return_id, order_id, sku) WHERE coalesce(is_booked, 0) = 0
        OR booked.quantity != return_lines.quantity OR booked.restock != return_lines.restock""",
    ),
    Check(
        "G2",
        "booked-without-return",
        "{sku} of order {order_id} is booked as returned, but return {return_id} is not accepted.",
        """SELECT 0 AS since, return_id, order_id, sku FROM booked_returns WHERE NOT EXISTS
        (SELECT 1 FROM accepted_returns JOIN return_lines USING (return_id, order_id)
        WHERE return_id = booked_returns.return_id AND sku = booked_returns.sku)""",
    ),
)

MONEY_MATCHES = (
    Check(
        "G3",
        "confirmed-without-payment",
        "Order {order_id} is confirmed, but its total is not authorized: {payment}.",
        """SELECT orders.since, order_id, coalesce(payments.status, 'no payment') AS payment
        FROM orders LEFT JOIN payments USING (order_id)
        WHERE orders.status IN ('confirmed', 'dispatched', 'delivered')
        AND NOT (coalesce(payments.status, '')
            IN ('authorized', 'capturing', 'captured', 'refunded')
        AND payments.authorized = orders.total AND payments.currency = orders.currency)""",
    ),
    Check(
        "G3",
        "rejected-but-money-held",
        "Order {order_id} is rejected, but {authorized} are still authorized or captured.",
        """SELECT orders.since, order_id, CAST(authorized AS TEXT) AS authorized
        FROM orders JOIN payments USING (order_id) WHERE orders.status = 'rejected'
        AND authorized - voided - refunded != 0""",
    ),
    Check(
        "G3",
        "cancelled-but-money-held",
        "Order {order_id} is cancelled, but {authorized} are still authorized or captured.",
        """SELECT orders.since, order_id, CAST(authorized - voided - refunded AS TEXT) AS authorized
        FROM orders JOIN payments USING (order_id) WHERE orders.status = 'cancelled'
        AND authorized - voided - refunded != 0""",
    ),
    Check(
        "G3",
        "dispatched-without-capture",
        "Order {order_id} was dispatched, but only {captured} of its {total} are captured.",
        """SELECT orders.since, order_id, CAST(total AS TEXT) AS total,
        CAST(coalesce(captured, 0) AS TEXT) AS captured
        FROM orders LEFT JOIN payments USING (order_id)
        WHERE orders.status IN ('dispatched', 'delivered') AND total IS NOT captured""",
    ),
    Check(
        "G3",
        "captured-but-not-dispatched",
        "The payment of order {order_id} is captured, but the order is {status}.",
        """SELECT payments.since, order_id, orders.status FROM orders JOIN payments
        USING (order_id) WHERE captured > 0
        AND orders.status IN ('placed', 'confirmed', 'rejecting', 'rejected')""",
    ),
    Check(
        "G3",
        "refund-missing",
        "Return {return_id} of order {order_id} is owed {refund}, but there is no such refund.",
        """SELECT since, return_id, order_id, CAST(refund AS TEXT) AS refund FROM accepted_returns
        WHERE NOT EXISTS (SELECT 1 FROM ledger_entries AS entries
        WHERE entries.order_id = accepted_returns.order_id
        AND key = 'refund#' || return_id AND amount = refund)""",
    ),
    Check(
        "G3",
        "refund-not-recorded",
        "Return {return_id} of order {order_id} has a refund, but is not marked as refunded.",
        """SELECT entries.since, return_id, order_id FROM returns
        JOIN ledger_entries AS entries USING (order_id)
        WHERE key = 'refund#' || return_id AND status != 'refunded'""",
    ),
    Check(
        "G3",
        "unexplained-refund",
        "Order {order_id} was refunded {amount} ({key}) without a return or a cancellation.",
        """SELECT entries.since, order_id, key, CAST(amount AS TEXT) AS amount
        FROM ledger_entries AS entries LEFT JOIN orders USING (order_id) WHERE type = 'refund'
        AND NOT (key = 'refund#cancellation' AND coalesce(orders.status, '') = 'cancelled')
        AND NOT EXISTS (SELECT 1 FROM accepted_returns
        WHERE accepted_returns.order_id = entries.order_id AND key = 'refund#' || return_id)""",
    ),
    Check(
        "G3",
        "payment-without-order",
        "A payment is authorized for order {order_id}, which does not exist.",
        """SELECT created_at(order_id) AS since, order_id FROM payments
        WHERE authorized > voided AND order_id NOT IN (SELECT order_id FROM orders)""",
    ),
    Check(
        "G3",
        "ledger-mismatch",
        "Order {order_id}: the payment has {type} {expected}, but its ledger adds up to {actual}.",
        """SELECT 0 AS since, order_id, type, CAST(expected AS TEXT) AS expected,
        CAST(actual AS TEXT) AS actual FROM
        (SELECT order_id, 'authorize' AS type, authorized AS expected FROM payments UNION ALL
         SELECT order_id, 'capture', captured FROM payments UNION ALL
         SELECT order_id, 'void', voided FROM payments UNION ALL
         SELECT order_id, 'refund', refunded FROM payments) AS sums
        LEFT JOIN (SELECT order_id, type, sum(amount) AS actual FROM ledger_entries
                   GROUP BY order_id, type) USING (order_id, type)
        WHERE expected != coalesce(actual, 0)""",
    ),
    Check(
        "G3",
        "more-captured-than-authorized",
        "Order {order_id}: more is captured than authorized, or more refunded than captured.",
        """SELECT 0 AS since, order_id FROM payments
        WHERE captured + voided > authorized OR refunded > captured""",
    ),
)

STATE_AND_EVENT = (
    Check(
        "G4",
        "event-without-state",
        "{service} has an event {event} about {subject}, which does not exist: outbox {event_id}.",
        """SELECT 0 AS since, service, event, subject, event_id FROM outbox
        WHERE NOT EXISTS (SELECT 1 FROM subjects
        WHERE subjects.service = outbox.service AND subjects.subject = outbox.subject)""",
    ),
)

EVENT_NOT_PUBLISHED = Check(
    "G4",
    "event-not-published",
    "{service} has not published its event {event} about {subject}: outbox {event_id}.",
    "SELECT since, service, event, subject, event_id FROM outbox",
)

CHECKS = (
    *EXACTLY_ONE_ORDER,
    *NEVER_OVERSOLD,
    *RETURNS_MATCH,
    *MONEY_MATCHES,
    *STATE_AND_EVENT,
)
