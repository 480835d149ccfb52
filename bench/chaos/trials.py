"""What is tried: faults, and what they are let loose on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple


class Trial(NamedTuple):
    """What goes wrong, and what that may do.

    Attributes:
        faults: As `windfall up --fault` takes them.
        files: How many are dropped.
        kinds: What is dropped, again and again.
        by_design: Figures that are not looked at: they are what was asked for.
        poison: Messages in the admission queue that nobody can read.
        folders: How many folders are asked for in another language.
        machines: Those of which an execution must be stopped in each Task state.
        slots: How many jobs of a service may run at a time, so that executions wait for a slot.
        hurried: Machines whose executions may take `SECONDS` at first, and time out.
        again: Whether what broke off is asked for again at the end, and must come to a good end.
        redriven: Likewise, whether it is redriven.
    """

    faults: Sequence[str]
    files: int
    kinds: Sequence[str] = ("text", "text", "image", "text", "recording")
    by_design: frozenset[str] = frozenset()
    poison: int = 0
    folders: int = 0
    machines: Sequence[str] = ()
    slots: Mapping[str, int] = MappingProxyType({})
    hurried: Sequence[str] = ()
    again: bool = False
    redriven: bool = False


_TABLES = ("async", "real_time", "batch_transform")
_STOPS = ("lambda:Invoke=stop", "*:*=stop-after")
"""While a function runs, when it has answered; when a job was begun, when it is asked after."""
BROKEN_OFF = frozenset({"files_not_analyzed", "folders_not_translated"})
_BROKEN_OFF_WITHIN = BROKEN_OFF | {"features_failed"}
"""A video goes on without its sound when that is analyzed by an execution that is stopped."""
_WRITTEN_TWICE = frozenset({"outcomes_written_twice"})
TRIALS = {
    "throttled": Trial(["*:*=throttle/3"], 10),
    "stores fail": Trial(
        [
            "s3:*=unavailable/4",
            "dynamodb:*=internal/4",
            "dynamodb:Transact*=conflict/5",
            "ssm:*=internal/4",
        ],
        10,
    ),
    "done, and not heard of": Trial(["*:*=lost/6"], 10, by_design=_WRITTEN_TWICE),
    "done twice": Trial(
        ["*:*=twice/4"], 10, by_design=_WRITTEN_TWICE | frozenset({"calls_repeated"})
    ),
    "late": Trial(["sqs:*=late/2", "lambda:Invoke=late/3", "stepfunctions:*=late/3"], 10),
    "crashed at each step": Trial(["*:*=sweep"], 30),
    "stopped at each function": Trial(
        ["lambda:Invoke=stop"],
        24,
        kinds=("text", "recording", "image", "recording"),
        by_design=BROKEN_OFF,
    ),
    "stopped after each call": Trial(
        ["*:*=stop-after"],
        32,
        kinds=("book", "dubbed", "page", "video", "dubbed", "avi", "dubbed", "avi"),
        by_design=_BROKEN_OFF_WITHIN,
        again=True,
        machines=("AnalyzeImage", "AnalyzeText", "AnalyzeAudio", "AnalyzeVideo"),
        slots={"transcribe": 1},
    ),
    "stopped after each call, and redriven": Trial(
        _STOPS,
        8,
        kinds=("book", "dubbed", "page", "text", "recording", "dubbed", "book", "text"),
        by_design=BROKEN_OFF,
        folders=1,
        slots={"transcribe": 1},
        redriven=True,
    ),
    "videos stopped at each function": Trial(
        ["lambda:Invoke=stop"],
        12,
        kinds=("video",),
        by_design=_BROKEN_OFF_WITHIN,
    ),
    "tables stopped at each step": Trial(
        _STOPS, 16, kinds=_TABLES, by_design=BROKEN_OFF, again=True, machines=["ScoreTable"]
    ),
    "tables crashed at each step": Trial(["*:*=sweep"], 24, kinds=_TABLES),
    "trainings stopped at each step": Trial(
        _STOPS, 8, kinds=("training",), by_design=BROKEN_OFF, again=True, machines=["TrainModel"]
    ),
    "trainings crashed at each step": Trial(["*:*=sweep"], 12, kinds=("training",)),
    "folders stopped at each step": Trial(
        _STOPS, 0, by_design=BROKEN_OFF, folders=6, again=True, machines=["TranslateFolder"]
    ),
    "folders crashed at each step": Trial(["*:*=sweep"], 0, folders=12),
    "out of time": Trial(
        [],
        6,
        kinds=("batch_transform", "training", "async"),
        by_design=BROKEN_OFF,
        folders=2,
        hurried=("ScoreTable", "TrainModel", "TranslateFolder"),
        again=True,
    ),
    "poisoned": Trial([], 5, poison=3),
}
