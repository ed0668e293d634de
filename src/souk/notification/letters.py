"""Letters from templates: each is a plain file, its text the only place with its words.

A template begins with its subject; then come paragraphs, apart by blank lines. Lines such as
`Total: $total` are a table. The HTML is made of the text, escaped as a whole, so that
nothing a customer typed can be markup.
"""

from __future__ import annotations

import html
import re
import textwrap
from functools import cache
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, NamedTuple

from souk.notification.domain import Letter

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parent / "templates"
WIDTH = 76
_ROW = re.compile(r"^([A-Z][\w ]*): (\$\w+)$", re.ASCII)
_SUBJECT = "Subject: "


class Block(NamedTuple):
    """A paragraph, or, if it has `rows`, a table of labels and values."""

    text: str
    rows: list[tuple[str, str]]


def write(template: str, values: Mapping[str, str]) -> Letter:
    """The letter a template makes of `values`. Raises KeyError when it asks for more of them."""
    head, *blocks = _read(f"{template}.txt").strip().split("\n\n")
    subject = _filled(head.removeprefix(_SUBJECT), values)
    filled = [_block(block.splitlines(), values) for block in blocks]
    return Letter(subject, _text(filled), _html(subject, filled))


def reason(slug: str) -> str:
    """Why an order was rejected, in a sentence; one for reasons without a sentence of their own."""
    return reasons().get(slug, reasons()["otherwise"])


def reasons() -> dict[str, str]:
    """The sentences by ordering's slugs."""
    return dict(line.split(": ", 1) for line in _read("reasons.txt").splitlines())


@cache
def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _filled(line: str, values: Mapping[str, str]) -> str:
    one_line = {name: " ".join(value.split()) for name, value in values.items()}
    return Template(line).substitute(one_line)


def _block(lines: list[str], values: Mapping[str, str]) -> Block:
    """What is a table stands in the template, and does not depend on what is filled in."""
    rows = [match.groups() for line in lines if (match := _ROW.match(line))]
    if len(rows) == len(lines):
        return Block("", [(label, _filled(value, values)) for label, value in rows])
    return Block(_filled(" ".join(lines), values), [])


def _text(blocks: list[Block]) -> str:
    return "\n\n".join(map(_text_block, blocks)) + "\n"


def _text_block(block: Block) -> str:
    if not block.rows:
        return textwrap.fill(block.text, WIDTH, break_long_words=False, break_on_hyphens=False)
    width = max(len(label) for label, _ in block.rows) + 2
    return "\n".join(f"{label + ':':{width}}{value}" for label, value in block.rows)


def _html(title: str, blocks: list[Block]) -> str:
    body = "\n".join(map(_html_block, blocks))
    return Template(_read("layout.html")).substitute(title=html.escape(title), body=body)


def _html_block(block: Block) -> str:
    if not block.rows:
        return f"<p>{html.escape(block.text)}</p>"
    cells = "\n".join(
        f'<tr><th align="left">{html.escape(label)}</th><td>{html.escape(value)}</td></tr>'
        for label, value in block.rows
    )
    return f'<table cellpadding="4">\n{cells}\n</table>'
