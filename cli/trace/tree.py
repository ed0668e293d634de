"""A trace for people, and as JSON for programs."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import click

from cli.trace.story import Line, Scene, Step, Trace

WIDTH = 110
COLOURS = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


def render(trace: Trace) -> str:
    return "\n".join(_tree(trace))


def _tree(trace: Trace) -> Iterator[str]:
    journeys = {scene.fact.correlation_id for scene in trace.scenes}
    told = f"{len(trace.scenes)} facts in {lasting(trace.took)}"
    yield f"Order {trace.order_id}: {told}, {len(journeys)} journey" + "s" * (len(journeys) > 1)
    rooms = max(len(scene.fact.room) for scene in trace.scenes)
    names = max(len(_who(event)) for scene in trace.scenes for event in [None, *scene.followed])
    last = None
    for scene in trace.scenes:
        if scene.fact.correlation_id != last:
            last = scene.fact.correlation_id
            yield f"\nCorrelation id {last}"
        yield _fact(scene, rooms)
        for place, event in enumerate(scene.followed, start=1):
            branch = "└─" if place == len(scene.followed) else "├─"
            yield _followed(event, f"   {branch} {_who(event):<{names}}")


def _fact(scene: Scene, rooms: int) -> str:
    fact = scene.fact
    at = f"{fact.at:%m-%d %H:%M:%S}.{fact.at.microsecond // 1000:03}"
    after = "" if scene.since_last is None else f"+{lasting(scene.since_last)}"
    return f"{at}  {after:>9}  {fact.room:<{rooms}}  {click.style(fact.name, bold=True)}"


def _followed(event: Line | Step, begins: str) -> str:
    if isinstance(event, Step):
        failures = f", failed: {', '.join(event.failed)}" if event.failed else ""
        took = lasting(timedelta(seconds=event.seconds))
        return click.style(shortened(f"{begins}  {event.name} {took}{failures}"), fg="cyan")
    text = shortened(f"{begins}  {event.says}")
    return click.style(text, fg=COLOURS.get(event.level), dim=event.level not in COLOURS)


def _who(event: Line | Step | None) -> str:
    return event.function if isinstance(event, Line) else "workflow"


def shortened(text: str) -> str:
    line = " ".join(text.splitlines())
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def lasting(time: timedelta) -> str:
    """Such as `452 ms`, `1.8 s`, `12 min`, `3.5 h`, `2.0 d`."""
    seconds = time.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} d"


def as_json(trace: Trace) -> dict[str, Any]:
    """The object `trace --json` prints; times are UTC, `after_ms` null of the first fact."""
    return {
        "order_id": trace.order_id,
        "milliseconds": _milliseconds(trace.took),
        "facts": [_scene_json(scene) for scene in trace.scenes],
    }


def _scene_json(scene: Scene) -> dict[str, Any]:
    fact, since = scene.fact, scene.since_last
    return {
        "fact": fact.name,
        "room": fact.room,
        "id": fact.id,
        "correlation_id": fact.correlation_id,
        "at": fact.at.isoformat(timespec="milliseconds"),
        "after_ms": None if since is None else _milliseconds(since),
        "body": fact.body,
        "lines": [_line_json(each) for each in scene.followed if isinstance(each, Line)],
        "steps": [_step_json(each) for each in scene.followed if isinstance(each, Step)],
    }


def _line_json(line: Line) -> dict[str, str]:
    at = line.at.isoformat(timespec="milliseconds")
    return {"at": at, "function": line.function, "level": line.level, "says": line.says}


def _step_json(step: Step) -> dict[str, Any]:
    at, took = step.at.isoformat(timespec="milliseconds"), round(step.seconds * 1000)
    return {"at": at, "name": step.name, "milliseconds": took, "failed": list(step.failed)}


def _milliseconds(time: timedelta) -> int:
    return round(time.total_seconds() * 1000)
