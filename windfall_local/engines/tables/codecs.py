"""Arrays as bytes and back, in the media types that SageMaker's toolkit knows by itself."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np

from windfall_local.engines.tables.invocations import RefusedError
from windfall_local.engines.tables.numbers import read_csv

CSV, JSON, NPY = "text/csv", "application/json", "application/x-npy"


def decode(body: bytes, media_type: str, *, is_whole: bool = True) -> Any:
    """A request's body as an array of float32.

    Args:
        body: What was sent.
        media_type: Its type.
        is_whole: Whether it is all of it; then a CSV of one row has one dimension, as on AWS.

    Raises:
        RefusedError: 415, the media type is another.
        ValueError: It is no array of numbers.
    """
    if media_type == CSV:
        rows = _from_csv(body)
        return rows.squeeze() if is_whole else rows
    if media_type == JSON:
        return np.array(json.loads(body)).astype(np.float32)
    if media_type == NPY:
        return np.load(io.BytesIO(body), allow_pickle=False)
    raise RefusedError(
        415,
        f"Content type {media_type} is not supported by this framework: give the script an "
        f"input_fn, or send {CSV}, {JSON} or {NPY}.",
    )


def encode(array: Any, media_type: str) -> bytes:
    """A prediction as a body.

    Raises:
        RefusedError: 406, the media type is another.
    """
    if media_type == CSV:
        return _to_csv(array)
    if media_type == JSON:
        return json.dumps(array, default=_plain).encode()
    if media_type == NPY:
        written = io.BytesIO()
        np.save(written, array)
        return written.getvalue()
    raise RefusedError(
        406,
        f"Accept type {media_type} is not supported by this framework: give the script an "
        f"output_fn, or ask for {CSV}, {JSON} or {NPY}.",
    )


def _from_csv(body: bytes) -> Any:
    if b'"' not in body:
        # An empty cell is no number to the toolkit, unlike to the built-in algorithm.
        return read_csv(body, missing=())
    rows = csv.reader(io.StringIO(body.decode("utf-8")), strict=True)
    return np.array([row for row in rows if row]).astype(np.float32)


def _to_csv(array: Any) -> bytes:
    rows = np.asarray(array)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerows(rows.reshape(len(rows), -1).tolist() if rows.ndim else [[rows.item()]])
    return written.getvalue().encode()


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON of its own")
