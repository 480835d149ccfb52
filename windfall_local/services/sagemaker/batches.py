"""Records of a transform job: a file in, mini-batches to the container, lines out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from windfall_local.services.sagemaker.filters import Filter, as_json, joined

_JSON_TYPES = ("application/jsonlines", "application/json", "application/jsonl")


class TransformError(Exception):
    """The records can't be transformed as they are; the message is for the data log."""


@dataclass(frozen=True, slots=True)
class Processing:
    """How records are cut, filtered and put together.

    Attributes:
        split: Whether lines are records; else the file is one.
        single: Whether the container gets one record at a time.
        limit: Bytes of a payload at most; 0 for any.
        assemble: Whether each answer ends with a line end.
        content_type: Of what goes in.
        accept: Of what comes out; empty for what the container gives.
        before: InputFilter.
        after: OutputFilter.
        joins: Whether the prediction is joined to its record.
    """

    split: bool
    single: bool
    limit: int
    assemble: bool
    content_type: str
    accept: str
    before: Filter
    after: Filter
    joins: bool

    @property
    def is_plain(self) -> bool:
        """Whether records go through as they are."""
        return self.before.is_whole and self.after.is_whole and not self.joins

    def batches(self, source: BinaryIO, size: int) -> Iterator[tuple[list[bytes], bytes]]:
        """The records of each payload, and the payload.

        Args:
            source: The file.
            size: Its bytes.

        Raises:
            TransformError: A record is larger than a payload may be, or can't be filtered.
        """
        limit = self.limit or size or 1
        if not self.split:
            if size > limit:
                raise TransformError(
                    f"The file has {size:,} bytes, and a payload may have {limit:,}: raise "
                    "MaxPayloadInMB, or set SplitType to Line."
                )
            whole = source.read()
            yield [whole], self._filtered(whole)
            return
        records: list[bytes] = []
        payload = bytearray()
        for record in lines(source):
            line = self._filtered(record)
            if len(line) + 1 > limit:
                raise TransformError(
                    f"A record has {len(line):,} bytes, and a payload may have {limit:,}."
                )
            if records and (self.single or len(payload) + len(line) + 1 > limit):
                yield records, bytes(payload)
                records, payload = [], bytearray()
            records.append(record)
            payload += line + b"\n"
        if records:
            yield records, bytes(payload)

    def assembled(self, records: list[bytes], answer: Path, content_type: str) -> bytes:
        """What of an answer goes into the output.

        Args:
            records: That were asked about, as they came.
            answer: The file with the container's answer.
            content_type: Of the answer.

        Raises:
            TransformError: There are not as many predictions as records, or they can't be read.
        """
        said = answer.read_bytes()
        if self.is_plain:
            needs_end = self.assemble and said and not said.endswith(b"\n")
            return said + b"\n" if needs_end else said
        media_type = (self.accept or content_type).partition(";")[0].strip().lower()
        predictions = list(_read_all(said, media_type, len(records)))
        if len(predictions) != len(records):
            raise TransformError(
                f"The container gave {len(predictions)} predictions for {len(records)} records; "
                "filters and joins need one for each."
            )
        out = [
            self._written(self._outcome(record, prediction), media_type)
            for record, prediction in zip(records, predictions, strict=True)
        ]
        return "".join(f"{line}\n" for line in out).encode()

    def _filtered(self, record: bytes) -> bytes:
        if self.before.is_whole:
            return record
        chosen = _select(self.before, _read(record, self.content_type))
        return self._written(chosen, self.content_type).encode()

    def _outcome(self, record: bytes, prediction: Any) -> Any:
        if self.joins:
            prediction = joined(_read(record, self.content_type), prediction)
        return _select(self.after, prediction)

    def _written(self, record: Any, media_type: str) -> str:
        if media_type in _JSON_TYPES:
            return as_json(record)
        cells = record if isinstance(record, list) else [record]
        if any(isinstance(cell, list | dict) for cell in cells):
            return as_json(record)
        written = io.StringIO()
        csv.writer(written, lineterminator="").writerow(cells)
        return written.getvalue()


def lines(source: BinaryIO) -> Iterator[bytes]:
    """The lines of a file that are not empty; a line end within quotes ends none."""
    record = b""
    for line in source:
        record += line
        if record.count(b'"') % 2:
            continue
        whole, record = record.rstrip(b"\r\n"), b""
        if whole.strip():
            yield whole
    if record.strip():
        yield record.rstrip(b"\r\n")


def _select(chosen: Filter, record: Any) -> Any:
    try:
        return chosen.apply(record)
    except LookupError as error:
        raise TransformError(str(error)) from error


def _read(record: bytes, media_type: str) -> Any:
    try:
        if media_type in _JSON_TYPES:
            return json.loads(record)
        return next(csv.reader(io.StringIO(record.decode("utf-8"))))
    except (ValueError, csv.Error, StopIteration) as error:
        raise TransformError(f"A record can't be read as {media_type}: {error}") from error


def _read_all(said: bytes, media_type: str, count: int) -> Iterator[Any]:
    if media_type == "application/json":
        found = json.loads(said)
        if isinstance(found, dict) and len(found) == 1:
            # `{"predictions": […]}`, as AWS's algorithms answer.
            [found] = found.values()
        yield from found if isinstance(found, list) and count != 1 else [found]
        return
    for line in lines(io.BytesIO(said)):
        record = _read(line, media_type)
        yield record if media_type in _JSON_TYPES or len(record) != 1 else record[0]
