"""Two short documents."""


def openapi() -> dict[str, object]:
    return {"openapi": "3.1.0"}


def events_markdown() -> str:
    return "# Facts\n"


def events_json() -> dict[str, object]:
    return {"asyncapi": "3.0.0"}
