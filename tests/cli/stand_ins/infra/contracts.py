"""Two short documents."""


def openapi() -> dict[str, object]:
    return {"openapi": "3.1.0"}


def events_markdown() -> str:
    return "# Facts\n"
