"""Renders a replay report as tables for a terminal."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.replay.report import ReplayReport


def format_pounds(pennies: int) -> str:
    """Such as £1,234.56 for 123456; the minus sign precedes the pound sign."""
    whole, rest = divmod(abs(pennies), 100)
    return f"{'-' if pennies < 0 else ''}£{whole:,}.{rest:02}"


def format_money(amount: int, currency: str) -> str:
    """An amount in minor units: £1.00 for pounds, such as `EUR 1.00` for other currencies."""
    pounds = format_pounds(amount)
    return pounds if currency == "GBP" else pounds.replace("£", f"{currency} ")


def render(report: ReplayReport) -> RenderableType:
    """All of the report. The last lines are the verdict and the discrepancies."""
    return Group(
        _counts_table(report),
        _value_table(report),
        _payments_table(report),
        _stock_table(report),
        _latency_table(report),
        *_verdict(report),
    )


def _counts_table(report: ReplayReport) -> Table:
    table = Table("", "invoices", "lines", title=f"{report.day}, orders of {report.date:%d %B %Y}")
    _align(table)
    table.add_row("in the file", f"{report.invoices:,}", f"{report.lines:,}", end_section=True)
    table.add_row("placed", f"{report.placed:,}", f"{report.lines_placed:,}")
    table.add_row("refused", f"{report.refused_invoices:,}", f"{sum(report.refused.values()):,}")
    for reason, lines in sorted(report.refused.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(f"  {reason}", "", f"{lines:,}")
    table.add_row("confirmed", f"{report.confirmed:,}", "")
    table.add_row("rejected", f"{sum(report.rejected.values()):,}", "")
    for reason, orders in sorted(report.rejected.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(f"  {reason}", f"{orders:,}", "")
    table.add_row("delivered", f"{report.delivered:,}", "")
    for reason, orders in sorted(report.not_dispatched.items()):
        table.add_row(f"  not dispatched: {reason}", f"{orders:,}", "")
    table.add_row("cancelled", f"{report.cancelled:,}", "")
    table.add_row("returns", f"{report.returns:,}", "")
    table.add_row("cancelled or returned", "", f"{report.lines_reversed:,}")
    table.add_section()
    table.add_row("unaccounted", f"{report.unaccounted:,}", "", end_section=True)
    table.add_row("orders in the shop", f"{report.orders_in_table:,}", "")
    table.add_row("duplicate orders", f"{report.duplicates:,}", "")
    return table


def _value_table(report: ReplayReport) -> Table:
    table = Table("", "value")
    _align(table)
    table.add_row("confirmed", format_pounds(report.value.confirmed))
    table.add_row("rejected", format_pounds(report.value.rejected), end_section=True)
    table.add_row("cancelled", format_pounds(-report.value.cancelled))
    table.add_row("returned", format_pounds(-report.value.returned), end_section=True)
    table.add_row("placed", format_pounds(report.value.placed))
    table.add_row("refused", format_pounds(report.value.refused), end_section=True)
    table.add_row("placed and refused", format_pounds(report.value.placed + report.value.refused))
    table.add_row("in the file", format_pounds(report.value.file))
    return table


def _payments_table(report: ReplayReport) -> Table:
    table = Table("payments, with shipping", "")
    _align(table)
    table.add_row("captured", format_pounds(report.money.captured))
    table.add_row("refunded", format_pounds(-report.money.refunded), end_section=True)
    table.add_row("value of items kept", format_pounds(report.money.kept))
    return table


def _stock_table(report: ReplayReport) -> Table:
    table = Table("stock of the day's products", "items")
    _align(table)
    table.add_row("available", f"{report.stock.available:,}")
    table.add_row("reserved", f"{report.stock.reserved:,}")
    table.add_row("sold", f"{report.stock.sold:,}", end_section=True)
    table.add_row("received", f"{report.stock.received:,}")
    table.add_row("returned", f"{report.stock.returned:,}")
    return table


def _latency_table(report: ReplayReport) -> Table:
    table = Table("milliseconds", "p50", "p99")
    _align(table)
    for step, percentiles in report.latency_ms.items():
        cells = [f"{percentiles[name]:,.1f}" if percentiles else "-" for name in ("p50", "p99")]
        table.add_row(step.replace("_", " "), *cells)
    return table


def _align(table: Table) -> None:
    for column in table.columns[1:]:
        column.justify = "right"


def _verdict(report: ReplayReport) -> list[Text]:
    retries = ", ".join(f"{count:,} x {reason}" for reason, count in sorted(report.retries.items()))
    duration = f"{report.seconds:,.1f} seconds"
    lines = [Text(f"{duration}; retries: {retries}" if retries else duration)]
    if report.balanced:
        return [*lines, Text("The books balance.", style="bold green")]
    return [
        *lines,
        Text("The books do not balance:", style="bold red"),
        *map(Text, report.discrepancies),
    ]
