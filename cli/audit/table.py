"""An audit's report for people."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.audit.report import Finding, Report
from cli.replay.table import money


def render(report: Report) -> RenderableType:
    """What was read, what it comes to, and each difference in a sentence."""
    return Group(
        _checked(report),
        *_totals(report),
        *(Text(f"pending    {_line(each)}", style="yellow") for each in report.pending),
        *(Text(f"violation  {_line(each)}", style="red") for each in report.violations),
        _verdict(report),
    )


def _checked(report: Report) -> Table:
    table = Table("read", "rows", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for kind, rows in sorted(report.checked.items()):
        table.add_row(kind, f"{rows:,}")
    return table


def _totals(report: Report) -> list[Text]:
    stock = report.totals["stock"]
    pieces = {name: f"{count:,} {name}" for name, count in stock.items()}
    kept = " + ".join(pieces[name] for name in ("available", "reserved", "sold"))
    lines = [f"Pieces: {pieces['received']} = {kept}."]
    for currency, sums in report.totals["money"].items():
        named = ", ".join(f"{money(amount, currency)} {name}" for name, amount in sums.items())
        lines.append(f"Money: {named}.")
    return [Text(line) for line in lines]


def _line(finding: Finding) -> str:
    return f"{finding.guarantee}  {finding.says}"


def _verdict(report: Report) -> Text:
    hidden = sum(report.found.values()) - len(report.pending) - len(report.violations)
    more = f" ({hidden:,} more of the same kinds are not named)" if hidden else ""
    if report.clean:
        return Text(f"No promise is broken{more}.", style="bold green")
    broken = sum(n for kind, n in report.found.items() if kind.startswith("violation"))
    return Text(f"{broken:,} promises are broken{more}.", style="bold red")
