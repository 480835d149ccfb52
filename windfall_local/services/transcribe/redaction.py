"""Personal data taken out of what was said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from windfall_local.engines.language import Span
from windfall_local.services.transcribe.transcript import Piece, Utterance

STANDS_FOR_IT = "[PII]"

_DIGITS = {
    word: str(digit)
    for digit, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )
} | {"oh": "0"}


@dataclass(slots=True)
class Reading:
    """What was said, as a text in which personal data can be found.

    Attributes:
        text: All utterances, one a line; spoken digits are written as digits.
        spans: For each piece, where it lies in the text.
    """

    text: str = ""
    spans: list[list[tuple[int, int]]] = field(default_factory=list)


def reading(utterances: Sequence[Utterance]) -> Reading:
    """The text in which to look. An engine that spells numbers out hides them otherwise."""
    found = Reading()
    for utterance in utterances:
        found.spans.append([])
        digits = [_DIGITS.get(piece.word.text.lower()) for piece in utterance.pieces]
        for number, piece in enumerate(utterance.pieces):
            # A single "one" is a word; several in a row are a number.
            row = digits[max(0, number - 1) : number + 2]
            digit = digits[number] if sum(one is not None for one in row) > 1 else None
            begin = len(found.text)
            found.text += digit or piece.word.text
            found.spans[-1].append((begin, len(found.text)))
            found.text += piece.word.mark
            follows = digits[number + 1] if number + 1 < len(digits) else None
            if digit is None or follows is None or piece.word.mark:
                found.text += " "
        found.text += "\n"
    return found


def redacted(
    utterances: Sequence[Utterance], read: Reading, personal: Sequence[Span], kinds: Collection[str]
) -> list[Utterance]:
    """Utterances in which each piece of personal data is one `[PII]`; no `kinds` means all."""
    wanted = [span for span in personal if not kinds or "ALL" in kinds or span.kind in kinds]
    answer = []
    for utterance, spans in zip(utterances, read.spans, strict=True):
        pieces: list[Piece] = []
        last: Span | None = None
        for piece, (begin, end) in zip(utterance.pieces, spans, strict=True):
            hit = next((span for span in wanted if span.begin < end and begin < span.end), None)
            if hit is None:
                pieces.append(piece)
            elif hit is last:
                whole = replace(pieces[-1].word, end=piece.word.end, mark=piece.word.mark)
                pieces[-1] = replace(pieces[-1], word=whole)
            else:
                hidden = replace(piece.word, text=STANDS_FOR_IT)
                pieces.append(Piece(hidden, redacted=(hit.kind, hit.score)))
            last = hit
        answer.append(replace(utterance, pieces=pieces))
    return answer
