"""The books as a table for people."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.replay.books import Books


def pounds(pennies: int) -> str:
    """123456 as £1,234.56; a minus stands before the pound."""
    whole, rest = divmod(abs(pennies), 100)
    return f"{'-' if pennies < 0 else ''}£{whole:,}.{rest:02}"


def money(amount: int, currency: str) -> str:
    """Minor units with their currency; pounds with their sign."""
    return pounds(amount) if currency == "GBP" else pounds(amount).replace("£", f"{currency} ")


def render(books: Books) -> RenderableType:
    """All of the books; the last lines say whether they balance and what does not."""
    goods = (_counts(books), _value(books), _kept(books), _pieces(books))
    return Group(*goods, _latencies(books), *_verdict(books))


def _counts(books: Books) -> Table:
    table = Table("", "invoices", "lines", title=f"{books.day}, trading of {books.date:%d %B %Y}")
    _align(table)
    table.add_row("in the file", f"{books.invoices:,}", f"{books.lines:,}", end_section=True)
    table.add_row("placed", f"{books.placed:,}", f"{books.lines_placed:,}")
    table.add_row("refused", f"{books.refused_invoices:,}", f"{sum(books.refused.values()):,}")
    for reason, lines in sorted(books.refused.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(f"  {reason}", "", f"{lines:,}")
    table.add_row("confirmed", f"{books.confirmed:,}", "")
    table.add_row("rejected", f"{sum(books.rejected.values()):,}", "")
    for reason, orders in sorted(books.rejected.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(f"  {reason}", f"{orders:,}", "")
    table.add_row("delivered", f"{books.delivered:,}", "")
    for reason, orders in sorted(books.kept_here.items()):
        table.add_row(f"  not sent: {reason}", f"{orders:,}", "")
    table.add_row("cancelled", f"{books.cancelled:,}", "")
    table.add_row("returns", f"{books.returns:,}", "")
    table.add_row("taken back", "", f"{books.lines_taken_back:,}")
    table.add_section()
    table.add_row("unaccounted", f"{books.unaccounted:,}", "", end_section=True)
    table.add_row("orders in the shop", f"{books.orders_in_table:,}", "")
    table.add_row("orders too many", f"{books.duplicates:,}", "")
    return table


def _value(books: Books) -> Table:
    table = Table("", "value")
    _align(table)
    table.add_row("confirmed", pounds(books.value.confirmed))
    table.add_row("rejected", pounds(books.value.rejected), end_section=True)
    table.add_row("cancelled", pounds(-books.value.cancelled))
    table.add_row("returned", pounds(-books.value.returned), end_section=True)
    table.add_row("placed", pounds(books.value.placed))
    table.add_row("refused", pounds(books.value.refused), end_section=True)
    table.add_row("together", pounds(books.value.placed + books.value.refused))
    table.add_row("in the file", pounds(books.value.file))
    return table


def _kept(books: Books) -> Table:
    table = Table("money, with shipping", "")
    _align(table)
    table.add_row("captured", pounds(books.money.captured))
    table.add_row("refunded", pounds(-books.money.refunded), end_section=True)
    table.add_row("value of what was kept", pounds(books.money.kept))
    return table


def _pieces(books: Books) -> Table:
    table = Table("stock of what was sold", "pieces")
    _align(table)
    for kind in ("available", "reserved", "sold"):
        table.add_row(kind, f"{getattr(books.stock, kind):,}", end_section=kind == "sold")
    table.add_row("received", f"{books.stock.received:,}")
    table.add_row("came back", f"{books.stock.came_back:,}")
    return table


def _latencies(books: Books) -> Table:
    table = Table("milliseconds", "p50", "p99")
    _align(table)
    for step, shares in books.latency_ms.items():
        row = [f"{shares[share]:,.1f}" if shares else "-" for share in ("p50", "p99")]
        table.add_row(step.replace("_", " "), *row)
    return table


def _align(table: Table) -> None:
    for column in table.columns[1:]:
        column.justify = "right"


def _verdict(books: Books) -> list[Text]:
    again = ", ".join(f"{count:,} x {why}" for why, count in sorted(books.asked_again.items()))
    lines = [Text(f"{books.seconds:,.1f} seconds" + (f"; asked again: {again}" if again else ""))]
    if books.balanced:
        return [*lines, Text("The books balance.", style="bold green")]
    return [
        *lines,
        Text("The books do not balance:", style="bold red"),
        *map(Text, books.discrepancies),
    ]
