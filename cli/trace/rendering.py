"""Renders a trace as a tree for a terminal, and as JSON."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import click

from cli.trace.trace import LogLine, Trace, TraceEntry, WorkflowStep

MAX_LINE_LENGTH = 110
COLOURS = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


def render(trace: Trace) -> str:
    return "\n".join(_lines(trace))


def _lines(trace: Trace) -> Iterator[str]:
    correlation_ids = {entry.event.correlation_id for entry in trace.entries}
    summary = f"{len(trace.entries)} events in {format_duration(trace.duration)}"
    noun = "correlation id" if len(correlation_ids) == 1 else "correlation ids"
    yield f"Order {trace.order_id}: {summary}, {len(correlation_ids)} {noun}"
    service_width = max(len(entry.event.service) for entry in trace.entries)
    origin_width = max(
        len(_origin(detail)) for entry in trace.entries for detail in [None, *entry.details]
    )
    current = None
    for entry in trace.entries:
        if entry.event.correlation_id != current:
            current = entry.event.correlation_id
            yield f"\nCorrelation id {current}"
        yield _event_line(entry, service_width)
        for number, detail in enumerate(entry.details, start=1):
            branch = "└─" if number == len(entry.details) else "├─"
            yield _detail_line(detail, f"   {branch} {_origin(detail):<{origin_width}}")


def _event_line(entry: TraceEntry, service_width: int) -> str:
    event = entry.event
    at = f"{event.at:%m-%d %H:%M:%S}.{event.at.microsecond // 1000:03}"
    since = "" if entry.since_previous is None else f"+{format_duration(entry.since_previous)}"
    name = click.style(event.name, bold=True)
    return f"{at}  {since:>9}  {event.service:<{service_width}}  {name}"


def _detail_line(detail: LogLine | WorkflowStep, prefix: str) -> str:
    if isinstance(detail, WorkflowStep):
        failures = f", failed: {', '.join(detail.failed)}" if detail.failed else ""
        duration = format_duration(timedelta(seconds=detail.seconds))
        return click.style(shorten(f"{prefix}  {detail.name} {duration}{failures}"), fg="cyan")
    text = shorten(f"{prefix}  {detail.message}")
    return click.style(text, fg=COLOURS.get(detail.level), dim=detail.level not in COLOURS)


def _origin(detail: LogLine | WorkflowStep | None) -> str:
    return detail.function if isinstance(detail, LogLine) else "workflow"


def shorten(text: str) -> str:
    """The text as one line of at most MAX_LINE_LENGTH characters."""
    line = " ".join(text.splitlines())
    return line if len(line) <= MAX_LINE_LENGTH else f"{line[: MAX_LINE_LENGTH - 1]}…"


def format_duration(duration: timedelta) -> str:
    """Such as `452 ms`, `1.8 s`, `12 min`, `3.5 h`, `2.0 d`."""
    seconds = duration.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} d"


def as_json(trace: Trace) -> dict[str, Any]:
    """The object that `trace --json` prints. Times are UTC. `after_ms` is null for the first."""
    return {
        "order_id": trace.order_id,
        "milliseconds": _milliseconds(trace.duration),
        "events": [_entry_json(entry) for entry in trace.entries],
    }


def _entry_json(entry: TraceEntry) -> dict[str, Any]:
    event, since = entry.event, entry.since_previous
    return {
        "event": event.name,
        "service": event.service,
        "id": event.id,
        "correlation_id": event.correlation_id,
        "at": event.at.isoformat(timespec="milliseconds"),
        "after_ms": None if since is None else _milliseconds(since),
        "data": event.data,
        "lines": [_line_json(each) for each in entry.details if isinstance(each, LogLine)],
        "steps": [_step_json(each) for each in entry.details if isinstance(each, WorkflowStep)],
    }


def _line_json(line: LogLine) -> dict[str, str]:
    at = line.at.isoformat(timespec="milliseconds")
    return {"at": at, "function": line.function, "level": line.level, "message": line.message}


def _step_json(step: WorkflowStep) -> dict[str, Any]:
    return {
        "at": step.at.isoformat(timespec="milliseconds"),
        "name": step.name,
        "milliseconds": round(step.seconds * 1000),
        "failed": list(step.failed),
    }


def _milliseconds(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)
