"""A shop behind whose counter nobody looks."""


class AwsBackstage:
    def __init__(self, session: object, stack: str) -> None: ...
