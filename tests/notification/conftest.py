"""The room with what it reaches outward replaced: its mails, its contacts, the post, the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from souk.notification import handlers
from tests.kernel.tables import twin
from tests.notification.fakes import FakeBoard, FakeMails, FakePost, StoredMails, recipient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souk.kernel.facts import Fact


class Room:
    """Hears facts; a fact whose use case raises comes again when it is heard again."""

    def __init__(self) -> None:
        self.mails = FakeMails()
        self.post = FakePost()
        self.board = FakeBoard()

    def hears(self, fact: Fact) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(handlers, "mails", lambda: self.mails)
            patch.setattr(handlers, "post", lambda: self.post)
            patch.setattr(handlers, "board", lambda: self.board)
            patch.setattr(handlers, "recipients", lambda: recipient)
            handlers.HEARS[type(fact)](fact)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Iterator[StoredMails]:
    shop = request.getfixturevalue("in_function")
    with twin(shop.outputs["NotificationTable"]) as table:
        yield StoredMails(table)


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def mails(request: pytest.FixtureRequest) -> FakeMails | StoredMails:
    if request.param == "in memory":
        return FakeMails()
    found: StoredMails = request.getfixturevalue("stored")
    return found
