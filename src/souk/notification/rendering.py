"""Renders emails and staff messages from the plain text files in `templates/`.

A template starts with its subject, followed by paragraphs separated by blank lines. A paragraph
of lines such as `Total: $total` is a table. The HTML is generated from the same paragraphs and
escaped as a whole, so customers' input cannot contain markup.
"""

from __future__ import annotations

import html
import re
import textwrap
from functools import cache
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, NamedTuple

from souk.notification.domain import EmailContent

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATES_FOLDER = Path(__file__).parent / "templates"
LINE_WIDTH = 76  # characters
_TABLE_ROW = re.compile(r"^([A-Z][\w ]*): (\$\w+)$", re.ASCII)
_SUBJECT_PREFIX = "Subject: "


class Block(NamedTuple):
    """A paragraph or, if it has `rows`, a table of labels and values."""

    text: str
    rows: list[tuple[str, str]]


def render(template: str, values: Mapping[str, str]) -> EmailContent:
    """Raises KeyError when the template has a placeholder that `values` lacks."""
    subject_line, *paragraphs = _load(f"{template}.txt").strip().split("\n\n")
    subject = _substitute(subject_line.removeprefix(_SUBJECT_PREFIX), values)
    blocks = [_parse_block(paragraph.splitlines(), values) for paragraph in paragraphs]
    return EmailContent(subject, _render_text(blocks), _render_html(subject, blocks))


def explain_rejection(reason: str) -> str:
    """The sentences that tell a customer why the order was rejected; `reason` is a slug."""
    explanations = load_rejection_reasons()
    return explanations.get(reason, explanations["default"])


def load_rejection_reasons() -> dict[str, str]:
    """The explanations by ordering's slugs; `default` is for any other slug."""
    return dict(line.split(": ", 1) for line in _load("reasons.txt").splitlines())


@cache
def _load(name: str) -> str:
    return (TEMPLATES_FOLDER / name).read_text(encoding="utf-8")


def _substitute(line: str, values: Mapping[str, str]) -> str:
    """Line breaks inside a value become spaces."""
    one_line_values = {name: " ".join(value.split()) for name, value in values.items()}
    return Template(line).substitute(one_line_values)


def _parse_block(lines: list[str], values: Mapping[str, str]) -> Block:
    """Tables are recognized before substitution, so a value cannot create one."""
    rows = [match.groups() for line in lines if (match := _TABLE_ROW.match(line))]
    if len(rows) == len(lines):
        return Block("", [(label, _substitute(value, values)) for label, value in rows])
    return Block(_substitute(" ".join(lines), values), [])


def _render_text(blocks: list[Block]) -> str:
    return "\n\n".join(map(_render_text_block, blocks)) + "\n"


def _render_text_block(block: Block) -> str:
    if not block.rows:
        return textwrap.fill(block.text, LINE_WIDTH, break_long_words=False, break_on_hyphens=False)
    label_width = max(len(label) for label, _ in block.rows) + 2
    return "\n".join(f"{label + ':':{label_width}}{value}" for label, value in block.rows)


def _render_html(title: str, blocks: list[Block]) -> str:
    body = "\n".join(map(_render_html_block, blocks))
    return Template(_load("layout.html")).substitute(title=html.escape(title), body=body)


def _render_html_block(block: Block) -> str:
    if not block.rows:
        return f"<p>{html.escape(block.text)}</p>"
    rows = "\n".join(
        f'<tr><th align="left">{html.escape(label)}</th><td>{html.escape(value)}</td></tr>'
        for label, value in block.rows
    )
    return f'<table cellpadding="4">\n{rows}\n</table>'
