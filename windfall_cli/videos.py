"""How a video's findings look in a terminal: what is seen, for how long, and lanes over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from windfall_cli.console import plain

MOST_ROWS = 12
LANE_WIDTH = 60
"""Columns of a lane."""
_MOST_LANES = 8
_LANES = {
    "speech": "cyan",
    "face": "magenta",
    "celebrity": "magenta",
    "known_face": "magenta",
    "label": "green",
}
"""Kinds that have lanes, in this order; texts are too many."""

Interval = Mapping[str, Any]


class Thing(NamedTuple):
    """All intervals of one thing."""

    kind: str
    value: str
    confidence: float
    intervals: Sequence[Interval]

    @property
    def seconds(self) -> float:
        """For how long it is seen; twice at once counts twice."""
        return float(sum(one["end"] - one["start"] for one in self.intervals) / 1000)


def spelled(milliseconds: int) -> str:
    """A time as players show it: `1:02:03.5`."""
    minutes, tenths = divmod(milliseconds // 100, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{tenths // 10:02}.{tenths % 10}"
    return f"{hours}:{minutes:02}:{seconds}" if hours else f"{minutes}:{seconds}"


def things_of(intervals: Iterable[Interval]) -> list[Thing]:
    """Intervals by what they are of, the longest seen first."""
    by_thing: dict[tuple[str, str], list[Interval]] = {}
    for one in intervals:
        by_thing.setdefault((one["kind"], one["value"]), []).append(one)
    things = [
        Thing(kind, value, max(one.get("confidence") or 0.0 for one in found), found)
        for (kind, value), found in by_thing.items()
    ]
    return sorted(things, key=lambda thing: (-thing.seconds, thing.value))


def show_findings(raw: Mapping[str, Any], everything: bool) -> RenderableType:
    """One feature: each thing, how sure it is, and from when to when it is seen."""
    things = things_of(raw["intervals"])
    if not things:
        return Text("none", "dim")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    shown = things if everything else things[:MOST_ROWS]
    for thing in shown:
        sure = f"{thing.confidence:.0f} %" if thing.confidence else ""
        name = plain(_described(thing))
        table.add_row(name, sure, f"{thing.seconds:.1f} s", Text(_times(thing), "dim"))
    return _with_rest(table, len(things) - len(shown))


def show_segments(raw: Mapping[str, Any], everything: bool) -> RenderableType:
    """Shots and technical cues, in order."""
    intervals = raw["intervals"]
    if not intervals:
        return Text("none", "dim")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    shown = intervals if everything else intervals[:MOST_ROWS]
    for one in shown:
        table.add_row(plain(one["value"]), f"{spelled(one['start'])} to {spelled(one['end'])}")
    return _with_rest(table, len(intervals) - len(shown))


def show_timeline(raw: Mapping[str, Any], everything: bool) -> RenderableType:
    """Lanes over the length of the video, then what is said when."""
    duration = max(1, raw["duration"])
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_row("", Text(f"0:00.0{spelled(duration):>{LANE_WIDTH - 6}}", "dim"))
    shots = [one for one in raw["intervals"] if one["kind"] == "shot"]
    if shots:
        table.add_row("shots", _shots(shots, duration))
    for name, style, found in _lanes(raw["intervals"], everything):
        table.add_row(plain(name), Text(lane(found, duration), style))
    said = [one for one in raw["intervals"] if one["kind"] == "speech"]
    return Group(table, _said(said, everything)) if said else table


def lane(intervals: Iterable[Interval], duration: int, width: int = LANE_WIDTH) -> str:
    """A line of blocks where there is something; what is short has a block all the same."""
    cells = [" "] * width
    for one in intervals:
        first = min(width - 1, one["start"] * width // duration)
        last = min(width - 1, max(first, -(-one["end"] * width // duration) - 1))
        cells[first : last + 1] = "█" * (last + 1 - first)
    return "".join(cells)


def _lanes(
    intervals: Sequence[Interval], everything: bool
) -> list[tuple[str, str, Sequence[Interval]]]:
    rows: list[tuple[str, str, Sequence[Interval]]] = []
    for kind, style in _LANES.items():
        of_kind = [one for one in intervals if one["kind"] == kind]
        if kind in {"speech", "face"}:
            rows += [(kind, style, of_kind)] if of_kind else []
        else:
            rows += [(thing.value, style, thing.intervals) for thing in things_of(of_kind)]
    return rows if everything else rows[:_MOST_LANES]


def _shots(shots: Sequence[Interval], duration: int) -> Text:
    """Shots side by side: every second one is lighter, with colours and without."""
    cells = [" "] * LANE_WIDTH
    for number, shot in enumerate(shots):
        first = min(LANE_WIDTH - 1, shot["start"] * LANE_WIDTH // duration)
        last = min(LANE_WIDTH, max(first + 1, shot["end"] * LANE_WIDTH // duration))
        cells[first:last] = ("▒" if number % 2 else "█") * (last - first)
    return Text("".join(cells), "blue")


def _said(said: Sequence[Interval], everything: bool) -> RenderableType:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    shown = said if everything else said[:MOST_ROWS]
    for one in shown:
        speaker = Text(one.get("speaker") or "", "cyan")
        table.add_row(Text(spelled(one["start"]), "dim"), speaker, plain(one["value"]))
    return _with_rest(table, len(said) - len(shown))


def _described(thing: Thing) -> str:
    """A face in a few words, by what its longest interval knows; anything else by its name."""
    if thing.kind != "face":
        return thing.value
    details = max(thing.intervals, key=lambda one: one["end"] - one["start"]).get("details", {})
    words = [str(details.get("gender", "")).lower(), str(details.get("emotion", "")).lower()]
    if "age" in details:
        words.insert(1, "{}-{}".format(*details["age"]))
    described = ", ".join(word for word in words if word) or "face"
    return described if len(thing.intervals) == 1 else f"{described} ({len(thing.intervals)} times)"


def _times(thing: Thing) -> str:
    most = 3
    times = [f"{spelled(one['start'])}-{spelled(one['end'])}" for one in thing.intervals[:most]]
    rest = len(thing.intervals) - most
    return ", ".join(times) + (f" … {rest} more" if rest > 0 else "")


def _with_rest(table: Table, rest: int) -> RenderableType:
    return Group(table, Text(f"… and {rest} more (--all)", "dim")) if rest > 0 else table
