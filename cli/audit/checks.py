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
        WHERE orders.status = 'confirmed' AND coalesce(holds.status, '') != 'committed'""",
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
)

MONEY_MATCHES = (
    Check(
        "G3",
        "confirmed-without-money",
        "Order {order_id} is confirmed, but its total is not set aside: {payment}.",
        """SELECT orders.since, order_id, coalesce(payments.status, 'no payment') AS payment
        FROM orders LEFT JOIN payments USING (order_id) WHERE orders.status = 'confirmed'
        AND NOT (coalesce(payments.status, '') IN ('authorized', 'captured')
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

ALL = (*EXACTLY_ONE, *NEVER_OVERSOLD, *MONEY_MATCHES, *STATE_AND_FACT)
