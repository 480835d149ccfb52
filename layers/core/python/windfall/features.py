"""How a feature function ends: every way that is no bug and no hiccup is an outcome."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from windfall.clock import Clock, timestamp
from windfall.contracts.outcome import Outcome, OutcomeStatus, ServiceCall
from windfall.errors import InvalidInputError, NotFoundError, UnansweredError, UnsupportedError

if TYPE_CHECKING:
    from windfall.checkpoints import Checkpoints
    from windfall.contracts.base import S3Pointer

MOST_SUMMARY = 2_000
"""Bytes of a summary as JSON: a hundred outcomes fit into a state of 256 KiB."""
_LONGEST_REASON = 1_000
_LENGTHS = {"translates": "languages.max_characters", "speaks": "speech.max_characters"}
"""Where the profile says how long a text may be."""


class Finding(NamedTuple):
    """What a feature that worked has to show."""

    result: S3Pointer | None
    summary: dict[str, Any]
    calls: Sequence[ServiceCall] = ()


def settle(
    feature: str,
    checkpoints: Checkpoints,
    clock: Clock,
    find: Callable[[], Finding],
    *,
    anew: bool = False,
) -> Outcome:
    """Find a feature and tell how it ended; a feature that was finished before is not found again.

    Args:
        feature: Its name.
        checkpoints: What was saved of it.
        clock: Tells the time.
        find: Finds it.
        anew: Find it again all the same: it costs nothing, and its sources may have changed.

    Raises:
        TransientError: A service is busy, or the work goes on in the next try.
        QuotaExceededError: A limit of the account is reached.
    """
    finished = None if anew else checkpoints.finished()
    if finished is not None:
        return finished
    started = timestamp(clock())
    try:
        finding = find()
    except UnsupportedError as error:
        return _without_result(feature, OutcomeStatus.SKIPPED, error, started, clock)
    except InvalidInputError as error:
        failed = _without_result(feature, OutcomeStatus.FAILED, error, started, clock)
        return failed.model_copy(update={"calls": list(error.paid)})
    except (NotFoundError, UnansweredError) as error:
        return _without_result(feature, OutcomeStatus.FAILED, error, started, clock)
    outcome = Outcome(
        feature=feature,
        status=OutcomeStatus.OK,
        result=finding.result,
        summary=fitted(finding.summary),
        calls=list(finding.calls),
        started=started,
        ended=timestamp(clock()),
    )
    checkpoints.finish(outcome)
    return outcome


def check_length(
    subject: str, characters: int, does: Literal["translates", "speaks"], most: int
) -> None:
    """Refuse what is longer than the profile lets it be.

    Args:
        subject: What is that long, with its verb: `The text has`.
        characters: How many.
        does: What is to be done with it.
        most: How many the profile allows.

    Raises:
        UnsupportedError: It is longer.
    """
    if characters > most:
        raise UnsupportedError(
            f"{subject} {characters:,} characters; the profile {does} up to {most:,} "
            f"({_LENGTHS[does]})."
        )


def fitted(summary: dict[str, Any]) -> dict[str, Any]:
    """The summary within its limit: its longest list gives up its end until it fits."""
    kept = dict(summary)
    while len(json.dumps(kept).encode()) > MOST_SUMMARY:
        longest = max(kept, key=lambda name: len(json.dumps(kept[name])))
        value = kept[longest]
        if isinstance(value, list) and value:
            kept[longest] = value[:-1]
        elif isinstance(value, dict) and value:
            kept[longest] = dict(list(value.items())[:-1])
        else:
            del kept[longest]
    return kept


def shortened(text: str, longest: int = 60) -> str:
    """A text for a summary: one line, and no longer than that."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _without_result(
    feature: str, status: OutcomeStatus, error: Exception, started: str, clock: Clock
) -> Outcome:
    return Outcome(
        feature=feature,
        status=status,
        reason=str(error)[:_LONGEST_REASON],
        started=started,
        ended=timestamp(clock()),
    )
