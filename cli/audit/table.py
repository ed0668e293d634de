"""Renders an audit report for a terminal."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.audit.report import AuditReport, Finding
from cli.replay.table import format_money


def render(report: AuditReport) -> RenderableType:
    """The number of rows read, the totals, each finding in one sentence, and the verdict."""
    return Group(
        _checked_table(report),
        *_totals(report),
        *(Text(f"pending    {_finding_line(it)}", style="yellow") for it in report.pending),
        *(Text(f"violation  {_finding_line(it)}", style="red") for it in report.violations),
        _verdict(report),
    )


def _checked_table(report: AuditReport) -> Table:
    table = Table("read", "rows", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for kind, rows in sorted(report.checked.items()):
        table.add_row(kind, f"{rows:,}")
    return table


def _totals(report: AuditReport) -> list[Text]:
    stock = report.totals["stock"]
    quantities = {name: f"{count:,} {name}" for name, count in stock.items()}
    allocation = " + ".join(quantities[name] for name in ("available", "reserved", "sold"))
    lines = [f"Stock: {quantities['received']} = {allocation}."]
    for currency, sums in report.totals["money"].items():
        amounts = ", ".join(
            f"{format_money(amount, currency)} {name}" for name, amount in sums.items()
        )
        lines.append(f"Money: {amounts}.")
    return [Text(line) for line in lines]


def _finding_line(finding: Finding) -> str:
    return f"{finding.guarantee}  {finding.message}"


def _verdict(report: AuditReport) -> Text:
    unlisted = sum(report.counts.values()) - len(report.pending) - len(report.violations)
    more = f" ({unlisted:,} further findings of the same checks are not listed)" if unlisted else ""
    if report.is_clean:
        return Text(f"No violations{more}.", style="bold green")
    violations = sum(n for name, n in report.counts.items() if name.startswith("violation"))
    noun = "violation" if violations == 1 else "violations"
    return Text(f"{violations:,} {noun}{more}.", style="bold red")
