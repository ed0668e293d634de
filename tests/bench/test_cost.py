"""Metered counts are converted to billed quantities and bills."""

import pytest

from bench import prices
from bench.cost import EMAILS, WORKFLOW, Function, quantities, split_by_service

ORDERING = Function("souk.ordering.api.handler", 512, traces=False)
COUNTS = {
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


def test_a_function_run_is_billed_by_whole_milliseconds_and_memory() -> None:
    billed = quantities(COUNTS, {"ordering": ORDERING})

    assert billed["lambda_run"] == 2
    assert billed["lambda_gb_second"] == pytest.approx(2 * 0.005 * 0.5)


def test_a_queue_batch_is_billed_as_one_receive_one_delete_and_a_send_per_record() -> None:
    assert quantities(COUNTS, {"ordering": ORDERING})["sqs_request"] == 3 + 1 + 1


def test_logs_include_the_lines_of_functions_of_lambda_and_of_the_gateway() -> None:
    silent = {"functions": {"ordering": {"runs": 1.0, "milliseconds": 1.0, "log_bytes": 0.0,
                                         "log_lines": 0.0}}}  # fmt: skip

    shop = quantities(COUNTS, {"ordering": ORDERING})["log_gb"]
    lambdas = quantities(silent, {"ordering": ORDERING})["log_gb"]

    assert shop * 1e9 == pytest.approx(500 + 2 * 26 + 2 * lambdas * 1e9 + 190 + 26)


def test_emails_and_staff_messages_are_billed_by_number() -> None:
    counts = {**COUNTS, "calls": {"ses:SendEmail": 2.0, "sns:Publish": 0.5}}

    billed = quantities(counts, {"ordering": ORDERING})

    assert (billed["email"], billed["topic_message"]) == (2, 0.5)
    (line,) = prices.compute_bill({"email": 1000})
    assert (line.service, line.usd) == ("SES", 0.1)


def test_traces_are_billed_for_functions_that_start_them() -> None:
    tracing = Function("souk.ordering.api.handler", 512, traces=True)

    assert quantities(COUNTS, {"ordering": ORDERING})["trace"] == 0
    assert quantities(COUNTS, {"ordering": tracing})["trace"] == 2


def test_each_service_pays_for_its_resources_and_the_workflow_for_itself() -> None:
    run = {"runs": 1.0, "milliseconds": 4.0, "http_requests": 1.0}
    counts = {
        "functions": {"Souk-dev-BasketApi1": run, "Souk-dev-OrderingConsumer2": run},
        "tables": {"Souk-dev-BasketTable3": {"write_units": 4.0}},
        "sources": {"souk.ordering": {"events": 2.0}},
        "workflows": {"Souk-dev-OrderingCheckout4": {"transitions": 7.0, "executions": 1.0}},
        "calls": {"ses:SendEmail": 2.0},
    }

    shares = split_by_service(counts, ["basket", "ordering"])

    assert shares == {
        "basket": {
            "functions": {"Souk-dev-BasketApi1": run}, "http_requests": 1.0, "write_units": 4.0,
        },
        "ordering": {
            "functions": {"Souk-dev-OrderingConsumer2": run}, "http_requests": 1.0, "events": 2.0,
        },
        WORKFLOW: {"functions": {}, "transitions": 7.0, "executions": 1.0},
        EMAILS: {"functions": {}, "calls": {"ses:SendEmail": 2.0}},
    }  # fmt: skip
    assert quantities(shares[WORKFLOW], {})["transition"] == 7
    assert quantities(shares[EMAILS], {})["email"] == 2


def test_every_billed_quantity_has_a_price() -> None:
    names = quantities(COUNTS, {"ordering": ORDERING})

    assert set(names) <= set(prices.load_prices()["prices"])


def test_a_bill_has_no_lines_for_unused_services() -> None:
    lines = prices.compute_bill({"write_unit": 2_000_000, "event": 0, "http_request": 500_000})

    assert [(line.service, line.usd) for line in lines] == [
        ("API Gateway", 0.5),
        ("DynamoDB", 1.25),
    ]
    assert prices.total_usd(lines) == 1.75


def test_every_price_has_a_date_and_a_source() -> None:
    table = prices.load_prices()

    assert table["date"]
    assert table["region"]
    assert all(price["page"].startswith(("Amazon", "AWS")) for price in table["prices"].values())
