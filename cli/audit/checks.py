"""What must hold, as questions to the audit's book: each answer is a difference.

Every query yields `since`, when the youngest work began that could explain the difference (0 when
none could), and the ids to look at, which the sentence names.
"""

from typing import NamedTuple


class Check(NamedTuple):
    guarantee: str
    kind: str
    says: str
    query: str


EXACTLY_ONE = (
    Check(
        "G1",
        "checkout-without-order",
        "Checkout {order_id} was answered, but there is no such order.",
        """SELECT minted(order_id) AS since, order_id, owner FROM checkouts
        WHERE order_id NOT IN (SELECT order_id FROM orders)""",
    ),
    Check(
        "G1",
        "order-without-checkout",
        "Order {order_id} is there, but no checkout announced it: it is one too many.",
        """SELECT minted(order_id) AS since, order_id, owner FROM orders
        WHERE order_id NOT IN (SELECT order_id FROM checkouts)""",
    ),
    Check(
        "G1",
        "checkouts-share-an-order",
        "Order {order_id} was promised to {checkouts} checkouts.",
        """SELECT 0 AS since, order_id, CAST(count(*) AS TEXT) AS checkouts FROM checkouts
        GROUP BY order_id HAVING count(*) > 1""",
    ),
    Check(
        "G1",
        "order-differs-from-checkout",
        "Order {order_id} is not what its checkout agreed on: another total or visitor.",
        """SELECT 0 AS since, order_id, orders.owner FROM orders JOIN checkouts USING (order_id)
        WHERE orders.total != checkouts.total OR orders.currency != checkouts.currency
        OR orders.owner != checkouts.owner""",
    ),
    Check(
        "G1",
        "order-does-not-add-up",
        "The lines and shipping of order {order_id} are not its total.",
        """SELECT minted(order_id) AS since, order_id FROM orders LEFT JOIN order_lines
        USING (order_id) WHERE amount IS NULL OR amount + shipping != total""",
    ),
)

LEFT_OPEN = Check(
    "G1",
    "order-left-open",
    "Order {order_id} is still {status}: nobody is deciding it.",
    """SELECT minted(order_id) AS since, order_id, status FROM orders
    WHERE status IN ('placed', 'rejecting')""",
)

NEVER_OVERSOLD = (
    Check(
        "G2",
        "stock-below-nothing",
        "Of {sku} less than nothing is available.",
        "SELECT 0 AS since, sku FROM stock WHERE available < 0",
    ),
    Check(
        "G2",
        "stock-out-of-balance",
        "Of {sku} {received} were received, but {available} available and {held} held or sold.",
        """SELECT coalesce(since, 0) AS since, sku, CAST(received AS TEXT) AS received,
        CAST(available AS TEXT) AS available, CAST(coalesce(held, 0) AS TEXT) AS held
        FROM stock LEFT JOIN held_by_sku USING (sku)
        WHERE received != available + coalesce(held, 0)""",
    ),
    Check(
        "G2",
        "stock-without-its-movements",
        "Of {sku} {received} are said to be received, but its movements come to {moved}.",
        """SELECT 0 AS since, sku, CAST(received AS TEXT) AS received,
        CAST(coalesce(sum(by), 0) AS TEXT) AS moved
        FROM stock LEFT JOIN moves USING (sku) GROUP BY sku
        HAVING received != coalesce(sum(by), 0)""",
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
        "Stock is held for {order_id}, but there is no such order.",
        """SELECT minted(order_id) AS since, order_id FROM holds
        WHERE progress > 0 AND order_id NOT IN (SELECT order_id FROM orders)""",
    ),
    Check(
        "G2",
        "confirmed-without-stock",
        "Order {order_id} is confirmed, but its goods are not set aside for it: {hold}.",
        """SELECT orders.since, order_id, coalesce(holds.status, 'no hold') AS hold
        FROM orders LEFT JOIN holds USING (order_id)
        WHERE orders.status IN ('confirmed', 'dispatched', 'delivered')
        AND coalesce(holds.status, '') != 'committed'""",
    ),
    Check(
        "G2",
        "hold-differs-from-order",
        "What is held for order {order_id} is not what it is about.",
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
        "Order {order_id} is cancelled, but its goods have not come back.",
        """SELECT orders.since, order_id FROM holds JOIN orders USING (order_id)
        WHERE orders.status = 'cancelled' AND progress > 0""",
    ),
)

RETURNS_MATCH = (
    Check(
        "G2",
        "more-returned-than-bought",
        "Of {sku} order {order_id} sends back {quantity}, more than it bought.",
        """SELECT 0 AS since, order_id, sku, CAST(sum(quantity) AS TEXT) AS quantity
        FROM return_lines JOIN returns USING (order_id, return_id) WHERE status != 'refused'
        GROUP BY order_id, sku HAVING sum(quantity) > (SELECT coalesce(sum(bought.quantity), 0)
        FROM hold_lines AS bought WHERE bought.order_id = returns.order_id
        AND bought.sku = return_lines.sku)""",
    ),
    Check(
        "G2",
        "returns-do-not-add-up",
        "The returns of order {order_id} are not what its book of them says.",
        """SELECT max(since) AS since, order_id FROM returns JOIN
        (SELECT return_id, sum(quantity) AS pieces FROM return_lines GROUP BY return_id)
        USING (return_id) LEFT JOIN return_books USING (order_id) GROUP BY order_id
        HAVING sum(pieces) FILTER (WHERE status != 'refused') IS NOT nullif(max(taken), 0)
        OR sum(pieces) FILTER (WHERE status IN ('accepted', 'refunded'))
        IS NOT nullif(max(back), 0)""",
    ),
    Check(
        "G2",
        "return-of-an-order-not-delivered",
        "Return {return_id} is of order {order_id}, which is {status}.",
        """SELECT 0 AS since, return_id, order_id, coalesce(orders.status, 'not there') AS status
        FROM returns LEFT JOIN orders USING (order_id)
        WHERE coalesce(orders.status, '') != 'delivered'""",
    ),
    Check(
        "G2",
        "return-not-booked",
        "Return {return_id} of order {order_id} is accepted, but {sku} is not booked like that.",
        """SELECT since, return_id, order_id, sku FROM accepted
        JOIN return_lines USING (return_id, order_id) LEFT JOIN came_back AS there
        USING (return_id, order_id, sku) WHERE coalesce(booked, 0) = 0
        OR there.quantity != return_lines.quantity OR there.restock != return_lines.restock""",
    ),
    Check(
        "G2",
        "booked-but-not-returned",
        "{sku} of order {order_id} is booked as come back, but return {return_id} is not accepted.",
        """SELECT 0 AS since, return_id, order_id, sku FROM came_back WHERE NOT EXISTS
        (SELECT 1 FROM accepted JOIN return_lines USING (return_id, order_id)
        WHERE return_id = came_back.return_id AND sku = came_back.sku)""",
    ),
)

MONEY_MATCHES = (
    Check(
        "G3",
        "confirmed-without-money",
        "Order {order_id} is confirmed, but its total is not set aside: {payment}.",
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
        "Order {order_id} is rejected, but {authorized} are still set aside or taken for it.",
        """SELECT orders.since, order_id, CAST(authorized AS TEXT) AS authorized
        FROM orders JOIN payments USING (order_id) WHERE orders.status = 'rejected'
        AND authorized - voided - refunded != 0""",
    ),
    Check(
        "G3",
        "cancelled-but-money-held",
        "Order {order_id} is cancelled, but {authorized} are still set aside or taken for it.",
        """SELECT orders.since, order_id, CAST(authorized - voided - refunded AS TEXT) AS authorized
        FROM orders JOIN payments USING (order_id) WHERE orders.status = 'cancelled'
        AND authorized - voided - refunded != 0""",
    ),
    Check(
        "G3",
        "sent-without-its-money",
        "Order {order_id} was sent, but of its {total} {captured} were captured.",
        """SELECT orders.since, order_id, CAST(total AS TEXT) AS total,
        CAST(coalesce(captured, 0) AS TEXT) AS captured
        FROM orders LEFT JOIN payments USING (order_id)
        WHERE orders.status IN ('dispatched', 'delivered') AND total IS NOT captured""",
    ),
    Check(
        "G3",
        "money-taken-but-not-sent",
        "The money of order {order_id} was captured, but it is {status}.",
        """SELECT payments.since, order_id, orders.status FROM orders JOIN payments
        USING (order_id) WHERE captured > 0
        AND orders.status IN ('placed', 'confirmed', 'rejecting', 'rejected')""",
    ),
    Check(
        "G3",
        "refund-not-given",
        "Return {return_id} of order {order_id} is worth {refund}, but that was not given back.",
        """SELECT since, return_id, order_id, CAST(refund AS TEXT) AS refund FROM accepted
        WHERE NOT EXISTS (SELECT 1 FROM entries WHERE entries.order_id = accepted.order_id
        AND key = 'refund#' || return_id AND amount = refund)""",
    ),
    Check(
        "G3",
        "refund-not-noted",
        "The refund of return {return_id} was given, but order {order_id} does not tell.",
        """SELECT entries.since, return_id, order_id FROM returns JOIN entries USING (order_id)
        WHERE key = 'refund#' || return_id AND status != 'refunded'""",
    ),
    Check(
        "G3",
        "refund-nobody-is-owed",
        "Order {order_id} was refunded {amount} as {key}, for no return and no cancellation.",
        """SELECT entries.since, order_id, key, CAST(amount AS TEXT) AS amount FROM entries
        LEFT JOIN orders USING (order_id) WHERE kind = 'refund'
        AND NOT (key = 'refund#cancellation' AND coalesce(orders.status, '') = 'cancelled')
        AND NOT EXISTS (SELECT 1 FROM accepted WHERE accepted.order_id = entries.order_id
        AND key = 'refund#' || return_id)""",
    ),
    Check(
        "G3",
        "payment-without-order",
        "Money was set aside for {order_id}, but there is no such order.",
        """SELECT minted(order_id) AS since, order_id FROM payments
        WHERE authorized > voided AND order_id NOT IN (SELECT order_id FROM orders)""",
    ),
    Check(
        "G3",
        "ledger-does-not-add-up",
        "The payment of {order_id} says {kind} {said}, but its entries come to {entered}.",
        """SELECT 0 AS since, order_id, kind, CAST(said AS TEXT) AS said,
        CAST(entered AS TEXT) AS entered FROM
        (SELECT order_id, 'authorize' AS kind, authorized AS said FROM payments UNION ALL
         SELECT order_id, 'capture', captured FROM payments UNION ALL
         SELECT order_id, 'void', voided FROM payments UNION ALL
         SELECT order_id, 'refund', refunded FROM payments) AS sums
        LEFT JOIN (SELECT order_id, kind, sum(amount) AS entered FROM entries
                   GROUP BY order_id, kind) USING (order_id, kind)
        WHERE said != coalesce(entered, 0)""",
    ),
    Check(
        "G3",
        "more-taken-than-set-aside",
        "Of {order_id} more was captured than authorised, or more refunded than captured.",
        """SELECT 0 AS since, order_id FROM payments
        WHERE captured + voided > authorized OR refunded > captured""",
    ),
)

STATE_AND_FACT = (
    Check(
        "G4",
        "fact-without-its-state",
        "{room} says {fact} of {about}, but has no such thing: outbox row {fact_id}.",
        """SELECT 0 AS since, room, fact, about, fact_id FROM outbox
        WHERE NOT EXISTS (SELECT 1 FROM states
        WHERE states.room = outbox.room AND states.about = outbox.about)""",
    ),
)

UNPUBLISHED = Check(
    "G4",
    "fact-not-published",
    "{room} has not yet said {fact} of {about}: outbox row {fact_id}.",
    "SELECT since, room, fact, about, fact_id FROM outbox",
)

ALL = (*EXACTLY_ONE, *NEVER_OVERSOLD, *RETURNS_MATCH, *MONEY_MATCHES, *STATE_AND_FACT)
