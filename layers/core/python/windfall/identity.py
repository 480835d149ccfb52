"""Identities made from what a thing is, never random: the same again is the same."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windfall.contracts.analysis import TextPlan
    from windfall.contracts.audio import AudioPlan
    from windfall.contracts.features import PlannedFeature
    from windfall.contracts.subject import Kind
    from windfall.contracts.table import TablePlan
    from windfall.contracts.training import TrainProfile
    from windfall.contracts.video import VideoPlan

_DIGITS = 40
_PLAN_VERSION = 1
"""Grows when the same settings come to mean other results, so that old ones are not reused."""
_ATTEMPTS_BACK = 3
"""An attempt begins when the one before has ended, and only its end by force leaves jobs behind."""
_EXECUTION_NAME = re.compile(r"^([0-9a-f]{40})-([1-9][0-9]*)$")


def file_id(bucket: str, key: str, distinction: str) -> str:
    """A file's identity; `distinction` is its version, or the event's sequencer without one."""
    return _digest([bucket, key, distinction])[:_DIGITS]


def settings_hash(
    kind: Kind,
    file_format: str,
    features: list[PlannedFeature],
    text: TextPlan | None,
    audio: AudioPlan | None = None,
    table: TablePlan | None = None,
    training: TrainProfile | None = None,
    video: VideoPlan | None = None,
) -> str:
    """What is done with a file, as one number: equal plans for equal formats are equal."""
    plan: dict[str, Any] = {
        "version": _PLAN_VERSION,
        "kind": kind.value,
        "format": file_format,
        "features": [feature.model_dump(mode="json") for feature in features],
        "text": None if text is None else text.model_dump(mode="json"),
    }
    if audio is not None:
        # Only where there is one: what was analyzed before there was sound keeps its number.
        plan["audio"] = audio.model_dump(mode="json")
    if table is not None:
        plan["table"] = table.model_dump(mode="json")
    if training is not None:
        plan["training"] = training.model_dump(mode="json")
    if video is not None:
        plan["video"] = video.model_dump(mode="json")
    return _digest(plan)


def analysis_id(content_sha256: str, settings: str) -> str:
    """An analysis's identity: the same bytes under the same settings."""
    return _digest([content_sha256, settings])[:_DIGITS]


def content_id(content_sha256: str, kind: Kind, file_format: str) -> str:
    """The identity of bytes, whatever is done with them: analyses of them may share results."""
    return _digest([_PLAN_VERSION, content_sha256, kind.value, file_format])[:_DIGITS]


def execution_name(analysis: str, attempt: int) -> str:
    """The name that makes starting an execution twice harmless."""
    return f"{analysis}-{attempt}"


def attempts_before(attempt: int) -> range:
    """The attempts before this one whose jobs may run still, the latest first."""
    return range(attempt - 1, max(0, attempt - 1 - _ATTEMPTS_BACK), -1)


def translation_id(request: dict[str, Any]) -> str:
    """A folder's translation, by what was asked for; also the token of its job."""
    return _digest(request)[:_DIGITS]


def stack_mark(bucket: str) -> str:
    """A few digits that are this stack's own, for names that a whole account shares.

    Args:
        bucket: The results bucket: its name is unlike any other stack's.
    """
    return _digest(bucket)[:8]


def parse_execution_name(name: str) -> tuple[str, int] | None:
    """The analysis and attempt that an execution's name tells; None for a name not of ours."""
    match = _EXECUTION_NAME.match(name)
    return (match[1], int(match[2])) if match else None


def _digest(value: Any) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
