"""Puts Comprehend's answers for the chunks of a text together, as if it were one answer.

Offsets are counted in code points, as Comprehend and Python do, and moved to where the chunk
begins in the whole text. Chunks neither overlap nor repeat, so nothing is found twice; what a cut
inside a word parted (one chunk ends with it, the next begins with it, of the same type) is joined.

A merger takes chunk after chunk in their order and gives back the entries that are settled, so
that a long text's answer is written as it is read and never held as a whole.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from windfall.features import shortened

if TYPE_CHECKING:
    from windfall.text.chunks import Chunk

_MOST = 10
_MOST_COUNTED = 20_000
"""Different texts that are counted for a summary; rarer ones give way when there are more."""

Answer = Mapping[str, Any]


class Merger(ABC):
    """Merges the answers of one feature."""

    name: str
    """The answer's list of entries."""

    @abstractmethod
    def add(self, chunk: Chunk, answer: Answer) -> Iterator[dict[str, Any]]:
        """Take the next chunk's answer; the entries that no later chunk changes any more."""

    def rest(self) -> Iterator[dict[str, Any]]:
        """The entries that waited for a next chunk."""
        yield from ()

    def document(self, entries: Iterator[dict[str, Any]]) -> Iterator[str]:
        """The merged answer as JSON, piece by piece; call it once, before `summary`."""
        yield f'{{"{self.name}": ['
        separator = ""
        for entry in entries:
            yield separator + json.dumps(entry, ensure_ascii=False)
            separator = ", "
        yield "]}"

    @abstractmethod
    def summary(self) -> dict[str, Any]:
        """What a person wants to see first."""


def merged_json(merger: Merger, answers: Iterable[tuple[Chunk, Answer]]) -> Iterator[bytes]:
    """The merged answer of all chunks as the bytes of one JSON document."""

    def entries() -> Iterator[dict[str, Any]]:
        for chunk, answer in answers:
            yield from merger.add(chunk, answer)
        yield from merger.rest()

    for piece in merger.document(entries()):
        yield piece.encode()


class _EntryMerger(Merger):
    """Entries with offsets, joined at seams."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[dict[str, Any]] = []
        self._seam: str = ""

    def add(self, chunk: Chunk, answer: Answer) -> Iterator[dict[str, Any]]:
        """Take the next chunk's answer."""
        found = [shifted(entry, chunk.start) for entry in answer[self.name]]
        in_word = self._seam.isalnum() and chunk.text[:1].isalnum()
        self._seam = chunk.text[-1:]
        yield from self._settle(_joined(self._waiting, found) if in_word else self._waiting)
        self._waiting = []
        for entry in found:
            if entry["EndOffset"] == chunk.end:
                self._waiting.append(entry)
            else:
                yield from self._settle([entry])

    def rest(self) -> Iterator[dict[str, Any]]:
        """The entries at the last seam."""
        yield from self._settle(self._waiting)
        self._waiting = []

    def _settle(self, entries: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for entry in entries:
            self.count += 1
            self.note(entry)
            yield entry

    @abstractmethod
    def note(self, entry: dict[str, Any]) -> None:
        """Count an entry for the summary."""


class EntityMerger(_EntryMerger):
    """DetectEntities."""

    name = "Entities"

    def __init__(self) -> None:
        super().__init__()
        self._types: Counter[str] = Counter()
        self._texts = _TextCounter()

    def note(self, entry: dict[str, Any]) -> None:
        """Count an entry."""
        self._types[entry["Type"]] += 1
        self._texts.add((entry["Text"], entry["Type"]))

    def summary(self) -> dict[str, Any]:
        """Counts, and the ten that stand most often."""
        top = [
            {"text": shortened(text), "type": kind, "count": count}
            for (text, kind), count in self._texts.most_common()
        ]
        return {"count": self.count, "types": dict(self._types.most_common()), "entities": top}


class KeyPhraseMerger(_EntryMerger):
    """DetectKeyPhrases."""

    name = "KeyPhrases"

    def __init__(self) -> None:
        super().__init__()
        self._texts = _TextCounter()

    def note(self, entry: dict[str, Any]) -> None:
        """Count an entry."""
        self._texts.add((entry["Text"],))

    def summary(self) -> dict[str, Any]:
        """Counts, and the ten that stand most often."""
        top = [
            {"text": shortened(text), "count": count}
            for (text,), count in self._texts.most_common()
        ]
        return {"count": self.count, "phrases": top}


class PiiMerger(_EntryMerger):
    """DetectPiiEntities; keeps where they are, for redaction."""

    name = "Entities"

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[tuple[int, int, str]] = []
        self._types: Counter[str] = Counter()

    def note(self, entry: dict[str, Any]) -> None:
        """Count an entry."""
        self._types[entry["Type"]] += 1
        self.spans.append((entry["BeginOffset"], entry["EndOffset"], entry["Type"]))

    def summary(self) -> dict[str, Any]:
        """Counts, and the ten that stand most often."""
        return {"count": self.count, "types": dict(self._types.most_common())}


class SyntaxMerger(Merger):
    """DetectSyntax: tokens, numbered through."""

    name = "SyntaxTokens"

    def __init__(self) -> None:
        self._tags: Counter[str] = Counter()

    def add(self, chunk: Chunk, answer: Answer) -> Iterator[dict[str, Any]]:
        """Take the next chunk's answer."""
        for token in answer["SyntaxTokens"]:
            self._tags[token["PartOfSpeech"]["Tag"]] += 1
            yield shifted(token, chunk.start) | {"TokenId": self._tags.total()}

    def summary(self) -> dict[str, Any]:
        """Counts, and the ten that stand most often."""
        return {"tokens": self._tags.total(), "tags": dict(self._tags.most_common())}


class TargetedSentimentMerger(Merger):
    """DetectTargetedSentiment; who is meant by "she" is found within a chunk only."""

    name = "Entities"

    def __init__(self) -> None:
        self._entities = 0
        self._mentions = 0
        self._targets = _TextCounter()

    def add(self, chunk: Chunk, answer: Answer) -> Iterator[dict[str, Any]]:
        """Take the next chunk's answer."""
        for entity in answer["Entities"]:
            mentions = [shifted(mention, chunk.start) for mention in entity.get("Mentions", [])]
            self._entities += 1
            self._mentions += len(mentions)
            described = entity.get("DescriptiveMentionIndex") or [0]
            for mention in mentions:
                named = mentions[described[0]] if described[0] < len(mentions) else mention
                sentiment = mention.get("MentionSentiment", {}).get("Sentiment", "NEUTRAL")
                self._targets.add((named["Text"], named["Type"], sentiment))
            yield {**entity, "Mentions": mentions}

    def summary(self) -> dict[str, Any]:
        """Counts, and the ten that stand most often."""
        top = [
            {"text": shortened(text), "type": kind, "sentiment": sentiment, "count": count}
            for (text, kind, sentiment), count in self._targets.most_common()
        ]
        return {"count": self._entities, "mentions": self._mentions, "targets": top}


class SentimentMerger(Merger):
    """DetectSentiment: scores weighted by the length of what they are about."""

    name = "Chunks"
    _NAMES = ("Positive", "Negative", "Neutral", "Mixed")

    def __init__(self) -> None:
        self._chunks = 0
        self._weight = 0
        self._sums = dict.fromkeys(self._NAMES, 0.0)
        self._only: str | None = None

    def add(self, chunk: Chunk, answer: Answer) -> Iterator[dict[str, Any]]:
        """Take the next chunk's answer."""
        self._chunks += 1
        self._only = answer["Sentiment"]
        weight = len(chunk.text.strip()) or 1
        self._weight += weight
        for name in self._NAMES:
            self._sums[name] += weight * answer["SentimentScore"][name]
        yield {
            "BeginOffset": chunk.start,
            "EndOffset": chunk.end,
            "Sentiment": answer["Sentiment"],
            "SentimentScore": answer["SentimentScore"],
        }

    def document(self, entries: Iterator[dict[str, Any]]) -> Iterator[str]:
        """With more than one chunk, each chunk's own answer stands under `Chunks`."""
        chunks = list(entries)
        merged = {"Sentiment": self._sentiment(), "SentimentScore": self._scores()}
        yield json.dumps(merged if len(chunks) < 2 else {**merged, "Chunks": chunks})

    def summary(self) -> dict[str, Any]:
        """Counts, and the ten that stand most often."""
        scores = {name.lower(): round(score, 3) for name, score in self._scores().items()}
        return {"sentiment": self._sentiment(), "scores": scores}

    def _scores(self) -> dict[str, float]:
        return {name: total / max(1, self._weight) for name, total in self._sums.items()}

    def _sentiment(self) -> str:
        if self._chunks == 1 and self._only is not None:
            return self._only
        scores = self._scores()
        return max(self._NAMES, key=scores.__getitem__).upper()


class _TextCounter:
    """Counts texts in bounded memory."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, ...]] = Counter()

    def add(self, key: tuple[str, ...]) -> None:
        """Take the next chunk's answer."""
        self._counts[key] += 1
        if len(self._counts) > _MOST_COUNTED:
            self._counts = Counter(dict(self._counts.most_common(_MOST_COUNTED // 2)))

    def most_common(self) -> list[tuple[tuple[str, ...], int]]:
        return self._counts.most_common(_MOST)


def shifted(entry: Mapping[str, Any], start: int) -> dict[str, Any]:
    """An entry with its offsets in the whole text."""
    moved = dict(entry)
    for name in ("BeginOffset", "EndOffset"):
        if name in moved:
            moved[name] += start
    return moved


def redacted(text: str, spans: Iterable[tuple[int, int, str]]) -> Iterator[str]:
    """The text, each span (begin, end, type) replaced by its type in brackets.

    Spans that overlap are replaced as one, by the type that begins first.
    """
    position = 0
    for begin, end, kind in sorted(spans):
        if begin >= position:
            yield text[position:begin]
            yield f"[{kind}]"
        position = max(position, end)
    yield text[position:]


def _joined(waiting: list[dict[str, Any]], found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Entries that end at the seam, each with its other half, which leaves `found`."""
    for entry in waiting:
        half = next((other for other in found if _continues(entry, other)), None)
        if half is None:
            yield entry
        else:
            found.remove(half)
            yield _whole(entry, half)


def _continues(first: dict[str, Any], second: dict[str, Any]) -> bool:
    same_type = first.get("Type") == second.get("Type")
    return bool(same_type and second["BeginOffset"] == first["EndOffset"])


def _whole(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    joined = {
        **first,
        "EndOffset": second["EndOffset"],
        "Score": min(first["Score"], second["Score"]),
    }
    if "Text" in first:
        joined["Text"] = first["Text"] + second["Text"]
    return joined
