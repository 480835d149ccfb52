"""The built-in XGBoost algorithm, answering as the container `sagemaker-xgboost` does.

Predictions of an endpoint are joined by commas, in one line; those of a batch transform stand one
to a line. `SAGEMAKER_INFERENCE_OUTPUT` selects more than the prediction itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import xgboost as xgb

from windfall_local.engines.tables.boosting import Boosters
from windfall_local.engines.tables.invocations import Invocation, RefusedError, Reply
from windfall_local.engines.tables.lines import pieces
from windfall_local.engines.tables.numbers import (
    UnreadableNumbersError,
    delimiter_of,
    read_csv,
    read_libsvm,
)
from windfall_local.engines.tables.selection import Selection

_LIBSVM = ("text/libsvm", "text/x-libsvm")
_LIMIT, _HIGHEST_LIMIT = 6 * 1024**2, 20 * 1024**2
"""Bytes of a payload: the default, and what `MAX_CONTENT_LENGTH` raises it to at most."""


class XgboostAlgorithm:
    """A container of the built-in algorithm.

    Args:
        folder: Where its model lies.
        environment: Its variables.

    Raises:
        windfall_local.engines.tables.boosting.ModelError: There is no model.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
        self._boosters = Boosters(folder)
        self._is_batch = environment.get("SAGEMAKER_BATCH", "").lower() == "true"
        limit = int(environment.get("MAX_CONTENT_LENGTH") or _LIMIT)
        self._limit = min(limit, _HIGHEST_LIMIT)
        self._accept = environment.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT") or "text/csv"
        selected = environment.get("SAGEMAKER_INFERENCE_OUTPUT")
        self._selection = Selection(selected, self._boosters) if selected else None

    def answer(self, invocation: Invocation) -> Reply:
        """Predict, piece by piece."""
        size = invocation.body.stat().st_size
        if size == 0:
            return Reply(204, "text/csv; charset=utf-8")
        if size > self._limit:
            raise RefusedError(
                413,
                f"The payload has {size:,} bytes and the built-in algorithm takes {self._limit:,}: "
                f"MAX_CONTENT_LENGTH raises that to at most {_HIGHEST_LIMIT:,}. Beyond, use batch "
                "transform, or serve the model with a script.",
            )
        accept = self._accepted(invocation.accept)
        return Reply(200, f"{accept}; charset=utf-8", self._encode(invocation, accept))

    def _accepted(self, accept: str) -> str:
        wanted = accept.partition(";")[0].strip().lower()
        if wanted in ("", "*/*"):
            return self._accept
        known = ("application/json", "application/jsonlines", "text/csv")
        if wanted not in known:
            raise RefusedError(
                406, f"Accept type {wanted} is not supported. Supported here: {', '.join(known)}."
            )
        # Without a selection the container knows JSON beside CSV only.
        return "text/csv" if wanted == known[1] and self._selection is None else wanted

    def _encode(self, invocation: Invocation, accept: str) -> Iterator[bytes]:
        predictions = self._predictions(invocation)
        if self._selection is not None:
            yield from self._selection.encode(predictions, accept, is_batch=self._is_batch)
        elif accept == "application/json":
            scores = [{"score": one} for many in predictions for one in many.tolist()]
            yield json.dumps({"predictions": scores}).encode()
        else:
            between = "\n" if self._is_batch else ","
            begin = ""
            for some in predictions:
                yield (begin + between.join(map(str, some.tolist()))).encode()
                begin = between
            if self._is_batch:
                yield b"\n"

    def _predictions(self, invocation: Invocation) -> Iterator[Any]:
        with invocation.body.open("rb") as body:
            delimiter = None
            for text in pieces(body):
                if not text.strip():
                    continue
                delimiter = delimiter or delimiter_of(text)
                matrix, width = self._read(text, invocation, delimiter)
                self._check_width(width, invocation.media_type)
                yield self._boosters.predict(matrix)

    def _read(self, text: bytes, invocation: Invocation, delimiter: str) -> tuple[xgb.DMatrix, int]:
        media_type = invocation.media_type or "text/csv"
        try:
            if media_type == "text/csv":
                rows = read_csv(text, delimiter)
            elif media_type in _LIBSVM:
                rows = read_libsvm(text, self._boosters.width)[0]
            else:
                raise RefusedError(
                    415,
                    f"Content-type {media_type} is not supported. Supported here: text/csv, "
                    f"{', '.join(_LIBSVM)}.",
                )
        except (UnreadableNumbersError, UnicodeDecodeError) as error:
            kind = media_type.rpartition("/")[2].removeprefix("x-")
            raise RefusedError(
                415,
                f"Loading {kind} data failed with Exception, please ensure data is in {kind} "
                f"format:\n {error}",
            ) from error
        return xgb.DMatrix(rows), int(rows.shape[1])

    def _check_width(self, width: int, media_type: str) -> None:
        if width != self._boosters.width:
            raise RefusedError(
                400,
                "Unable to evaluate payload provided: Feature size of "
                f"{(media_type or 'text/csv').rpartition('/')[2]} inference data {width} is not "
                f"consistent with feature size of trained model {self._boosters.width}.",
            )
