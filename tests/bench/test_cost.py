"""What counts come to on a bill."""

import pytest

from bench import prices
from bench.cost import MAILS, WORKFLOW, Function, by_room, quantities

ORDERING = Function("souk.ordering.api.handler", 512, traces=False)
COUNTED = {
    "http_requests": 1.0,
    "read_units": 2.5,
    "write_units": 4.0,
    "events": 2.0,
    "event_bytes": 1000.0,
    "sqs_batches": 1.0,
    "sqs_records": 3.0,
    "functions": {
        "ordering": {"runs": 2.0, "milliseconds": 9.0, "log_bytes": 500.0, "log_lines": 2.0}
    },
}


def test_a_run_is_billed_by_whole_milliseconds_and_memory() -> None:
    billed = quantities(COUNTED, {"ordering": ORDERING})

    assert billed["lambda_run"] == 2
    assert billed["lambda_gb_second"] == pytest.approx(2 * 0.005 * 0.5)


def test_a_batch_of_a_queue_is_one_receive_and_one_delete_beside_its_sends() -> None:
    assert quantities(COUNTED, {"ordering": ORDERING})["sqs_request"] == 3 + 1 + 1


def test_logs_are_the_functions_own_lines_lambdas_and_the_gateways() -> None:
    silent = {"functions": {"ordering": {"runs": 1.0, "milliseconds": 1.0, "log_bytes": 0.0,
                                         "log_lines": 0.0}}}  # fmt: skip

    own = quantities(COUNTED, {"ordering": ORDERING})["log_gb"]
    lambdas = quantities(silent, {"ordering": ORDERING})["log_gb"]

    assert own * 1e9 == pytest.approx(500 + 2 * 26 + 2 * lambdas * 1e9 + 190 + 26)


def test_mails_and_word_to_staff_are_billed_by_their_number() -> None:
    counted = {**COUNTED, "calls": {"ses:SendEmail": 2.0, "sns:Publish": 0.5}}

    billed = quantities(counted, {"ordering": ORDERING})

    assert (billed["mail"], billed["topic_message"]) == (2, 0.5)
    (line,) = prices.bill({"mail": 1000})
    assert (line.service, line.usd) == ("SES", 0.1)


def test_traces_cost_where_a_function_begins_them() -> None:
    tracing = Function("souk.ordering.api.handler", 512, traces=True)

    assert quantities(COUNTED, {"ordering": ORDERING})["trace"] == 0
    assert quantities(COUNTED, {"ordering": tracing})["trace"] == 2


def test_each_room_pays_for_what_it_owns_and_the_workflow_for_itself() -> None:
    run = {"runs": 1.0, "milliseconds": 4.0, "http_requests": 1.0}
    counted = {
        "functions": {"Souk-dev-BasketApi1": run, "Souk-dev-OrderingConsumer2": run},
        "tables": {"Souk-dev-BasketTable3": {"write_units": 4.0}},
        "sources": {"souk.ordering": {"events": 2.0}},
        "workflows": {"Souk-dev-OrderingCheckout4": {"transitions": 7.0, "executions": 1.0}},
        "calls": {"ses:SendEmail": 2.0},
    }

    shares = by_room(counted, ["basket", "ordering"])

    assert shares == {
        "basket": {
            "functions": {"Souk-dev-BasketApi1": run}, "http_requests": 1.0, "write_units": 4.0,
        },
        "ordering": {
            "functions": {"Souk-dev-OrderingConsumer2": run}, "http_requests": 1.0, "events": 2.0,
        },
        WORKFLOW: {"functions": {}, "transitions": 7.0, "executions": 1.0},
        MAILS: {"functions": {}, "calls": {"ses:SendEmail": 2.0}},
    }  # fmt: skip
    assert quantities(shares[WORKFLOW], {})["transition"] == 7
    assert quantities(shares[MAILS], {})["mail"] == 2


def test_everything_counted_has_a_price() -> None:
    names = quantities(COUNTED, {"ordering": ORDERING})

    assert set(names) <= set(prices.table()["prices"])


def test_a_bill_is_its_lines_and_names_nothing_that_was_not_used() -> None:
    lines = prices.bill({"write_unit": 2_000_000, "event": 0, "http_request": 500_000})

    assert [(line.service, line.usd) for line in lines] == [
        ("API Gateway", 0.5),
        ("DynamoDB", 1.25),
    ]
    assert prices.total(lines) == 1.75


def test_every_price_says_where_and_when_it_was_read() -> None:
    table = prices.table()

    assert table["date"]
    assert table["region"]
    assert all(price["page"].startswith(("Amazon", "AWS")) for price in table["prices"].values())
