"""What the task is given."""

from __future__ import annotations

from windfall.contracts.audio import MediaFacts
from windfall.contracts.base import Contract, OutputLocation
from windfall.contracts.outcome import Outcome


class MergeTimelineTask(Contract):
    """A video whose features have ended, each in its way."""

    output: OutputLocation
    media: MediaFacts
    outcomes: list[Outcome]
