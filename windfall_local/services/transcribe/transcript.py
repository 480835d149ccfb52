"""Words as the JSON that Transcribe writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from windfall_local.api import ACCOUNT
from windfall_local.engines.speech import Word

PUNCTUATION_CONFIDENCE = "0.0"
"""AWS gives punctuation no confidence of its own."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word of the transcript, and what was done to it.

    Attributes:
        word: As it was heard, or what stands for it.
        matched: Whether the vocabulary filter tagged it.
        redacted: The kind of personal data that was taken out, and how sure that is.
    """

    word: Word
    matched: bool = False
    redacted: tuple[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said without a long pause, on one channel, by one speaker.

    Attributes:
        start: Seconds from the beginning.
        end: Where it ends.
        pieces: Its words.
        channel: Its number; None when channels are not told apart.
        speaker: Who says it, from 0; None when speakers are not told apart.
    """

    start: float
    end: float
    pieces: Sequence[Piece]
    channel: int | None = None
    speaker: int | None = None

    @property
    def label(self) -> dict[str, str]:
        """Whose it is, as items and segments have it."""
        if self.channel is not None:
            return {"channel_label": f"ch_{self.channel}"}
        return {} if self.speaker is None else {"speaker_label": f"spk_{self.speaker}"}

    @property
    def text(self) -> str:
        """As it is read."""
        return " ".join(piece.word.text + piece.word.mark for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything that was heard.

    Attributes:
        utterances: In the order in which they begin.
        channels: How many there are, when they are told apart.
        identified: Languages and how probable they are, when one was to be identified.
    """

    utterances: Sequence[Utterance]
    channels: int | None = None
    identified: Sequence[tuple[str, float]] = field(default_factory=tuple)

    def document(self, job_name: str, redacted: bool | None) -> dict[str, Any]:
        """The JSON document; `redacted` is None when no redaction was asked for."""
        results: dict[str, Any] = {}
        if self.identified:
            results["language_code"] = self.identified[0][0]
            results["language_identification"] = [
                {"score": _number(score), "code": code} for code, score in self.identified
            ]
        text = " ".join(utterance.text for utterance in self.utterances)
        results["transcripts"] = [{"transcript": text}]
        items, segments = self._items()
        if self.channels is not None:
            results["channel_labels"] = _by_channel(items, self.channels)
        elif any(utterance.speaker is not None for utterance in self.utterances):
            results["speaker_labels"] = _by_speaker(self.utterances)
        results["items"] = items
        results["audio_segments"] = segments
        document: dict[str, Any] = {"jobName": job_name, "accountId": ACCOUNT}
        if redacted is not None:
            document["isRedacted"] = redacted
        return {**document, "results": results, "status": "COMPLETED"}

    def _items(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        items: list[dict[str, Any]] = []
        segments: list[dict[str, Any]] = []
        for utterance in self.utterances:
            label = utterance.label
            first = len(items)
            for piece in utterance.pieces:
                items.append({"id": len(items), **label, **_spoken(piece)})
                if piece.word.mark:
                    items.append({"id": len(items), **label, **_punctuation(piece.word.mark)})
            segments.append(
                {
                    "id": len(segments),
                    "transcript": utterance.text,
                    "start_time": _number(utterance.start),
                    "end_time": _number(utterance.end),
                    **label,
                    "items": list(range(first, len(items))),
                }
            )
        return items, segments


def filtered(
    utterances: Sequence[Utterance], words: frozenset[str], method: str
) -> list[Utterance]:
    """Utterances with the words of a vocabulary filter removed, masked or tagged."""
    found = []
    for utterance in utterances:
        pieces: list[Piece] = []
        for piece in utterance.pieces:
            if piece.word.text.lower() not in words:
                pieces.append(piece)
            elif method == "tag":
                pieces.append(replace(piece, matched=True))
            elif method == "mask":
                pieces.append(replace(piece, word=replace(piece.word, text="***")))
            elif pieces and piece.word.mark and not pieces[-1].word.mark:
                # The end of the sentence stays.
                marked = replace(pieces[-1].word, mark=piece.word.mark)
                pieces[-1] = replace(pieces[-1], word=marked)
        if pieces:
            found.append(replace(utterance, pieces=pieces))
    return found


def by_speaker(utterances: Sequence[Utterance], speakers: Sequence[int]) -> list[Utterance]:
    """Utterances cut where the speaker changes.

    Args:
        utterances: Of one channel.
        speakers: Who says each word of them, in order.
    """
    said = iter(speakers)
    found = []
    for utterance in utterances:
        labelled = [(next(said), piece) for piece in utterance.pieces]
        for speaker, run in groupby(labelled, key=lambda one: one[0]):
            pieces = [piece for _, piece in run]
            start, end = pieces[0].word.start, pieces[-1].word.end
            found.append(Utterance(start, end, pieces, speaker=speaker))
    return found


def _spoken(piece: Piece) -> dict[str, Any]:
    word = piece.word
    alternative: dict[str, Any] = {"confidence": _number(word.confidence), "content": word.text}
    if piece.redacted is not None:
        kind, score = piece.redacted
        redaction = {"confidence": _number(score), "type": kind, "category": "PII"}
        alternative = {"content": word.text, "redactions": [redaction]}
    item = {
        "type": "pronunciation",
        "alternatives": [alternative],
        "start_time": _number(word.start),
        "end_time": _number(word.end),
    }
    return {**item, "vocabularyFilterMatch": True} if piece.matched else item


def _punctuation(mark: str) -> dict[str, Any]:
    alternative = {"confidence": PUNCTUATION_CONFIDENCE, "content": mark}
    return {"type": "punctuation", "alternatives": [alternative]}


def _by_channel(items: Sequence[dict[str, Any]], channels: int) -> dict[str, Any]:
    labels = [f"ch_{number}" for number in range(channels)]
    return {
        "channels": [
            {
                "channel_label": label,
                "items": [item for item in items if item["channel_label"] == label],
            }
            for label in labels
        ],
        "number_of_channels": channels,
    }


def _by_speaker(utterances: Sequence[Utterance]) -> dict[str, Any]:
    return {
        "segments": [
            {
                "start_time": _number(utterance.start),
                "end_time": _number(utterance.end),
                **utterance.label,
                "items": [
                    {
                        **utterance.label,
                        "start_time": _number(piece.word.start),
                        "end_time": _number(piece.word.end),
                    }
                    for piece in utterance.pieces
                ],
            }
            for utterance in utterances
        ],
        "channel_label": "ch_0",
        "speakers": len({utterance.speaker for utterance in utterances}),
    }


def _number(value: float) -> str:
    """As AWS writes numbers: text, at most four decimals, at least one."""
    return str(round(float(value), 4))
