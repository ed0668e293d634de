"""What can be wrong with a file, and with one line of it."""

from dataclasses import dataclass


class ImportRefused(Exception):
    """Why the file cannot be imported, or the import cannot go on, in one sentence."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line; `field` is None when it is the line as a whole."""

    field: str | None
    why: str


class Faulty(Exception):
    """A line that cannot become a product as it stands."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*(fault.why for fault in faults))
        self.faults = faults
