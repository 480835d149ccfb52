"""Transcribe's result as words: what was said, when, and by whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from windfall.errors import InvalidInputError

# ruff: noqa: RUF001 - marks of many scripts.
_OPENING = "¿¡([{«“‘（「『【《"


class Word(NamedTuple):
    """A word with the marks that stand at it.

    Attributes:
        start: Milliseconds from the beginning of the sound.
        end: Not before `start`.
    """

    text: str
    start: int
    end: int
    speaker: str | None = None


def read_words(document: Mapping[str, Any]) -> list[list[Word]]:
    """The words of a result, one list for each channel that was transcribed by itself.

    Args:
        document: The JSON that Transcribe writes.

    Raises:
        InvalidInputError: It is not what Transcribe writes.
    """
    try:
        results = document["results"]
        channels = results.get("channel_labels", {}).get("channels")
        if channels:
            # Each channel's items are in its own order; the result's own list mixes them.
            return [list(_words(_labelled(channel))) for channel in channels]
        return [list(_words(_with_speakers(results)))]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise InvalidInputError("The transcript is not what Amazon Transcribe writes.") from error


def _labelled(channel: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for item in channel["items"]:
        yield {**item, "speaker_label": channel["channel_label"]}


def _with_speakers(results: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The items with their speakers, which older results keep in segments of their own."""
    items: Sequence[Mapping[str, Any]] = results["items"]
    segments = results.get("speaker_labels", {}).get("segments", [])
    speakers = {
        part["start_time"]: part["speaker_label"]
        for segment in segments
        for part in segment.get("items", [])
    }
    if not speakers:
        return items
    return [{"speaker_label": speakers.get(item.get("start_time")), **item} for item in items]


def _words(items: Iterator[dict[str, Any]] | Sequence[Mapping[str, Any]]) -> Iterator[Word]:
    word: Word | None = None
    opening = ""
    latest = 0
    for item in items:
        content = " ".join(str(item["alternatives"][0]["content"]).split())
        if item["type"] == "punctuation":
            if content in _OPENING:
                opening += content
            elif word is not None:
                word = Word(word.text + content, word.start, word.end, word.speaker)
            continue
        if not content:
            continue
        if word is not None:
            yield word
        start = max(latest, _milliseconds(item["start_time"]))
        end = max(start, _milliseconds(item["end_time"]))
        word, opening = Word(opening + content, start, end, item.get("speaker_label")), ""
        latest = start
    if word is not None:
        yield word


def _milliseconds(seconds: str) -> int:
    return round(float(seconds) * 1000)
