"""Internals of a shop that the replay's stub does not read."""


class AwsShopInternals:
    def __init__(self, session: object, stack: str) -> None: ...
