"""DynamoDB tables: time to live, and faster conditions."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

Json = dict[str, Any]


def apply_time_to_live() -> None:
    """MiniStack ignores TimeToLiveSpecification in a template, so items never expire.

    The specification is now applied when a table is created or updated, as on AWS.
    """
    for resource_type in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        handlers = provisioners._RESOURCE_HANDLERS[resource_type]
        handlers["create"] = _with_time_to_live(handlers["create"], properties_argument=1)
        handlers["update"] = _with_time_to_live(handlers["update"], properties_argument=2)


def _with_time_to_live(
    upstream: Callable[..., Any], properties_argument: int
) -> Callable[..., Any]:
    def provision(*args: Any, **kwargs: Any) -> Any:
        result = upstream(*args, **kwargs)
        table = result[0]
        specification = args[properties_argument].get("TimeToLiveSpecification") or {}
        is_enabled = str(specification.get("Enabled", False)).lower() == "true"
        dynamodb._ttl_settings[table] = {
            "TimeToLiveStatus": "ENABLED" if is_enabled else "DISABLED",
            **({"AttributeName": specification["AttributeName"]} if is_enabled else {}),
        }
        return result

    return provision


def cache_parsed_expressions() -> None:
    """MiniStack parses and validates a condition anew for every item of a partition: a page of 20
    out of 20,000 items took half a second.

    The tokens of an expression are now cached, and an expression that was valid once is not
    validated again, except when it contains BETWEEN, whose validation depends on the values.
    """
    upstream = dynamodb._evaluate_condition

    @lru_cache(maxsize=512)
    def tokenize(expression: str) -> list[tuple[str, Any]]:
        return dynamodb._tokenize(expression)  # type: ignore[no-any-return]

    valid: set[tuple[str, str]] = set()

    def evaluate(
        expression: str, item: Json, values: Json, names: Json, slot: str = "ConditionExpression"
    ) -> bool:
        if (expression, slot) in valid:
            try:
                tokens = list(tokenize(expression))
                return bool(dynamodb._ExprEval(tokens, item, values, names).evaluate())
            except ValueError:
                pass  # MiniStack reports the error as AWS does
        result = bool(upstream(expression, item, values, names, slot=slot))
        if "BETWEEN" not in (expression or "").upper():
            valid.add((expression, slot))
        return result

    dynamodb._evaluate_condition = evaluate
