"""Letters: all in place, escaped, and with no word outside the templates."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.notification import letters
from souk.notification.domain import Kind
from souk.notification.letters import FOLDER, write
from souk.ordering.domain import REASONS

VALUES = {
    "name": "Ada Lovelace",
    "address": "12 St James's Square, London, GB",
    "order_id": "order-1",
    "at": "24 November 2026, 22:45 UTC",
    "products": "3",
    "pieces": "3",
    "total": "£1,234.50",
    "amount": "£50.00",
    "why": "Your payment was declined. You were not charged.",
    "carrier": "Caravan",
    "tracking_number": "CRV-42",
    "return_id": "return-1",
    "kind": "confirmed",
    "reason": "invalid-address",
    "sku": "LAMP-1",
}
TEMPLATES = sorted(file.stem for file in FOLDER.glob("*.txt") if file.stem != "reasons")


class Reader(HTMLParser):
    """What a browser would show, and which elements it would make."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        if "body" in self.tags:
            self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_letter_says_the_same_as_text_and_as_html(template: str) -> None:
    letter = write(template, VALUES)

    shown = " ".join(Reader(letter.html).texts)
    assert re.findall(r"\w+", shown) == re.findall(r"\w+", letter.text)
    assert max(map(len, letter.text.splitlines())) <= 80


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_mail_names_its_order_and_its_reader(kind: Kind) -> None:
    letter = write(kind.value, VALUES)

    assert "order-1" in letter.subject
    assert letter.text.startswith("Dear Ada Lovelace,\n\n")
    assert "Order:" in letter.text


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_subject_names_a_person(template: str) -> None:
    letter = write(template, VALUES)

    assert not {"Ada", "London"} & set(letter.subject.split())
    assert letter.subject.isascii()
    assert len(letter.subject) <= 100


TYPED = st.text(max_size=200) | st.sampled_from(
    ["<b>", "</td><p>", "&lt;", "$name", "A: b\n\nC: d"]
)


@given(typed=TYPED)
def test_nothing_a_customer_typed_becomes_markup_or_a_line_of_its_own(typed: str) -> None:
    plain = write("confirmed", VALUES)

    letter = write("confirmed", {**VALUES, "name": typed, "address": typed})

    assert Reader(letter.html).tags == Reader(plain.html).tags
    assert letter.subject == plain.subject
    assert "Total:     £1,234.50" in letter.text.splitlines()


def test_a_name_with_markup_is_shown_as_it_was_typed() -> None:
    typed = "<b>Ada</b> & $total"

    letter = write("confirmed", {**VALUES, "name": typed, "address": typed})

    assert letter.text.count(typed) == 2
    assert letter.html.count("&lt;b&gt;Ada&lt;/b&gt; &amp; $total") == 2


def test_a_letter_that_lacks_something_is_not_written() -> None:
    with pytest.raises(KeyError, match="tracking_number"):
        write("dispatched", {k: v for k, v in VALUES.items() if k != "tracking_number"})


def test_every_reason_ordering_has_is_a_sentence_and_so_is_one_it_will_have() -> None:
    sentences = [letters.reason(reason) for reason in REASONS]

    assert len(set(sentences)) == len(REASONS)
    assert letters.reason("struck-by-lightning") == "You were not charged."
