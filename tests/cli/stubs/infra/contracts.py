"""Documents of a few words."""


def openapi() -> dict[str, object]:
    return {"openapi": "3.1.0"}


def events_markdown() -> str:
    return "# Events\n"


def events_json() -> dict[str, object]:
    return {"asyncapi": "3.0.0"}
