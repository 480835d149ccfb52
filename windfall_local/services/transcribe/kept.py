"""What a job keeps beside it, so that an end of the process costs one stretch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windfall_local.engines.speech import Stretch, Word


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be heard.

    Attributes:
        format: Of the recording.
        rate: Its samples a second.
        seconds: How long it is.
        apart: Whether its channels are heard each for itself.
        stretches: For each channel, where somebody speaks.
        identified: Languages and how probable they are, when they were asked for.
    """

    format: str
    rate: int
    seconds: float
    apart: bool
    stretches: list[list[Stretch]]
    identified: list[tuple[str, float]]


def read_plan(path: Path) -> Plan:
    """A plan that was written."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    stretches = [[Stretch(**one) for one in channel] for channel in kept.pop("stretches")]
    identified = [(str(code), float(score)) for code, score in kept.pop("identified")]
    return Plan(**kept, stretches=stretches, identified=identified)


def read_words(path: Path) -> dict[tuple[int, int], list[Word]]:
    """The words of what was heard, by channel and stretch."""
    if not path.exists():
        return {}
    done = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            channel, number, words = json.loads(line)
        except ValueError:
            # The process ended while it wrote this line.
            continue
        done[channel, number] = [Word(**word) for word in words]
    return done


def append(path: Path, record: Any) -> None:
    """Note what was heard."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def replace_whole(path: Path, text: str) -> None:
    """Write a file; a reader, and a crash, sees the old or the new one whole."""
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
