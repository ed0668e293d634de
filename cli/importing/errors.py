"""Errors of a whole file and of single records."""

from dataclasses import dataclass


class ImportFailed(Exception):
    """The file cannot be imported, or the import cannot continue.

    The message is one sentence for the user.
    """


@dataclass(frozen=True)
class FieldError:
    """A problem with one field of a record; `field` is None if it concerns the whole record."""

    field: str | None
    problem: str


class InvalidRecord(Exception):
    """The record cannot be imported. `errors` lists every problem that was found."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(*(error.problem for error in errors))
        self.errors = errors
