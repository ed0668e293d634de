"""The clients rooms call AWS with."""

from typing import Any

import pytest

from souk.kernel import aws


@pytest.mark.parametrize("config", [{}, {"config": aws._ASKING}])
def test_a_client_names_the_shop_and_nothing_of_its_machine(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "key")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(aws, "_session", aws._session.__wrapped__)
    sent: list[Any] = []

    def note(request: Any, **_: Any) -> None:
        sent.append(request)
        raise InterruptedError

    client = aws.client("dynamodb", **config)
    client.meta.events.register("before-send.dynamodb.*", note)
    with pytest.raises(InterruptedError):
        client.list_tables()

    caller = sent[0].headers["User-Agent"].decode()
    assert sent[0].url == "https://dynamodb.eu-west-1.amazonaws.com/"
    assert caller.split()[0] == "souk"
    assert "Botocore" not in caller  # Powertools, once it is imported, adds its name to any
