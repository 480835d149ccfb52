"""Manifests of SageMaker Ground Truth: a JSON object a line, with an item and, later, its label.

An item is a text (`source`) or an object in S3 (`source-ref`). An output manifest, which SageMaker
calls augmented, adds for a label attribute `NAME` the number of the class under `NAME`, and under
`NAME-metadata` its name, who said so, and when ("Output data" in SageMaker's developer guide).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from windfall_cli.errors import CommandError

METADATA = "-metadata"
_ATTRIBUTE = re.compile(r"^[A-Za-z0-9](-*[A-Za-z0-9]){0,126}$")
_MOST_BYTES = 100_000
"""Of a line; SageMaker's own limit for an item of text."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a manifest.

    Attributes:
        number: Of the line, from 1.
        document: All that stands in it, which is kept.
    """

    number: int
    document: Mapping[str, Any]

    @property
    def text(self) -> str | None:
        """The text to label, if it is one."""
        return self.document.get("source")

    @property
    def reference(self) -> str | None:
        """The object to label, if it is one."""
        return self.document.get("source-ref")

    @property
    def identity(self) -> str:
        """What tells it from other items, wherever it stands."""
        return json.dumps([self.text, self.reference], ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Label:
    """What somebody said of an item.

    Attributes:
        index: The class's number.
        name: The class's name.
        by_person: Whether a person said it; SageMaker also labels by machine.
    """

    attribute: str
    index: int
    name: str
    confidence: float
    by_person: bool


def read_items(lines: Iterable[str], origin: str) -> Iterator[Item]:
    """The items of a manifest.

    Raises:
        CommandError: A line is no item; it is named.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{origin}, line {number}"
        if len(line.encode("utf-8", "surrogatepass")) > _MOST_BYTES:
            raise CommandError(f"{where}: it is longer than {_MOST_BYTES:,} bytes.")
        try:
            document = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise CommandError(f"{where}: it is no JSON.") from error
        if not isinstance(document, dict):
            raise CommandError(f"{where}: it is no JSON object.")
        sources = [name for name in ("source", "source-ref") if name in document]
        if len(sources) != 1 or not isinstance(document[sources[0]], str):
            raise CommandError(f"{where}: it needs one text named source or source-ref.")
        yield Item(number, document)


def attributes_of(item: Item) -> list[str]:
    """The label attributes that an item has."""
    document = item.document
    return [name for name in document if f"{name}{METADATA}" in document]


def label_of(item: Item, attribute: str, origin: str) -> Label | None:
    """An item's label; None if nobody gave it one.

    Raises:
        CommandError: It is no label of a class.
    """
    if attribute not in item.document:
        return None
    where = f"{origin}, line {item.number}"
    index, about = item.document[attribute], item.document.get(f"{attribute}{METADATA}")
    if not isinstance(about, dict) or "failure-reason" in about:
        return None
    if isinstance(index, bool) or not isinstance(index, int) or index < 0:
        raise CommandError(f"{where}: {attribute} is no number of a class.")
    name, confidence = about.get("class-name"), about.get("confidence", 0)
    if not isinstance(name, str):
        raise CommandError(f"{where}: {attribute}{METADATA} has no class-name.")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float):
        raise CommandError(f"{where}: the confidence of {attribute} is no number.")
    by_person = about.get("human-annotated") == "yes"
    return Label(attribute, index, name, float(confidence), by_person)


def labelled_line(item: Item, label: Label, created: str, job: str) -> str:
    """The item's line with a label, as Ground Truth would have written it.

    Raises:
        CommandError: The attribute has no name that SageMaker takes.
    """
    if not _ATTRIBUTE.match(label.attribute) or label.attribute in {"source", "source-ref"}:
        raise CommandError(f"{label.attribute!r} is no name for a label attribute.")
    kind = "image" if item.reference else "text"
    about = {
        "class-name": label.name,
        "confidence": label.confidence,
        "creation-date": created,
        "human-annotated": "yes" if label.by_person else "no",
        "job-name": f"labeling-job/{job}",
        "type": f"groundtruth/{kind}-classification",
    }
    document = {
        **item.document,
        label.attribute: label.index,
        f"{label.attribute}{METADATA}": about,
    }
    return json.dumps(document, ensure_ascii=False)
