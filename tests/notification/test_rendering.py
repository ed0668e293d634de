"""Rendered emails: complete, escaped, and the same as text and as HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.notification import rendering
from souk.notification.domain import EmailType
from souk.notification.rendering import TEMPLATES_FOLDER, render
from souk.ordering.domain import REJECTION_REASONS

VALUES = {
    "name": "Ada Lovelace",
    "address": "12 St James's Square, London, GB",
    "order_id": "order-1",
    "at": "24 November 2026, 22:45 UTC",
    "products": "3",
    "quantity": "3",
    "total": "£1,234.50",
    "amount": "£50.00",
    "explanation": "Your payment was declined. You were not charged.",
    "carrier": "Caravan",
    "tracking_number": "CRV-42",
    "return_id": "return-1",
    "type": "confirmed",
    "reason": "invalid-address",
    "sku": "LAMP-1",
}
TEMPLATES = sorted(file.stem for file in TEMPLATES_FOLDER.glob("*.txt") if file.stem != "reasons")


class ParsedHtml(HTMLParser):
    """The visible texts of a page's body, and its tags."""

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
def test_text_and_html_of_an_email_have_the_same_words(template: str) -> None:
    content = render(template, VALUES)

    visible = " ".join(ParsedHtml(content.html).texts)
    assert re.findall(r"\w+", visible) == re.findall(r"\w+", content.text)
    assert max(map(len, content.text.splitlines())) <= 80


@pytest.mark.parametrize("email_type", EmailType)
def test_every_customer_email_names_its_order_and_its_recipient(email_type: EmailType) -> None:
    content = render(email_type.value, VALUES)

    assert "order-1" in content.subject
    assert content.text.startswith("Dear Ada Lovelace,\n\n")
    assert "Order:" in content.text


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_subject_contains_personal_data(template: str) -> None:
    content = render(template, VALUES)

    assert not {"Ada", "London"} & set(content.subject.split())
    assert content.subject.isascii()
    assert len(content.subject) <= 100


INPUTS = st.text(max_size=200) | st.sampled_from(
    ["<b>", "</td><p>", "&lt;", "$name", "A: b\n\nC: d"]
)


@given(text=INPUTS)
def test_customer_input_adds_no_markup_and_no_line(text: str) -> None:
    plain = render("confirmed", VALUES)

    content = render("confirmed", {**VALUES, "name": text, "address": text})

    assert ParsedHtml(content.html).tags == ParsedHtml(plain.html).tags
    assert content.subject == plain.subject
    assert "Total:     £1,234.50" in content.text.splitlines()


def test_a_name_with_markup_is_shown_as_it_was_entered() -> None:
    text = "<b>Ada</b> & $total"

    content = render("confirmed", {**VALUES, "name": text, "address": text})

    assert content.text.count(text) == 2
    assert content.html.count("&lt;b&gt;Ada&lt;/b&gt; &amp; $total") == 2


def test_an_email_with_a_missing_value_is_not_rendered() -> None:
    with pytest.raises(KeyError, match="tracking_number"):
        render("dispatched", {k: v for k, v in VALUES.items() if k != "tracking_number"})


def test_every_rejection_reason_has_an_explanation_and_so_has_an_unknown_one() -> None:
    explanations = [rendering.explain_rejection(reason) for reason in REJECTION_REASONS]

    assert len(set(explanations)) == len(REJECTION_REASONS)
    assert rendering.explain_rejection("struck-by-lightning") == "You were not charged."
