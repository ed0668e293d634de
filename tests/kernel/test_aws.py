"""The clients with which services call AWS."""

from typing import Any

import pytest

from souk.kernel import aws


@pytest.mark.parametrize("config", [{}, {"config": aws._INVOKE_CONFIG}])
def test_a_client_sends_a_user_agent_without_details_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "key")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(aws, "_session", aws._session.__wrapped__)
    requests: list[Any] = []

    def record_request(request: Any, **_: Any) -> None:
        requests.append(request)
        raise InterruptedError  # before anything is sent

    client = aws.client("dynamodb", **config)
    client.meta.events.register("before-send.dynamodb.*", record_request)
    with pytest.raises(InterruptedError):
        client.list_tables()

    user_agent = requests[0].headers["User-Agent"].decode()
    assert requests[0].url == "https://dynamodb.eu-west-1.amazonaws.com/"
    assert user_agent.split()[0] == "souk"
    assert "Botocore" not in user_agent  # Powertools adds its name when it is imported
