"""A script of the user's own, answering as SageMaker's framework containers have it answer.

The script has `model_fn(model_dir)`, and may have `input_fn(body, content_type)`,
`predict_fn(data, model)` and `output_fn(prediction, accept)`, or one
`transform_fn(model, body, content_type, accept)` in place of these three. What it has not, the
framework's default does.

A body of lines that is larger than a piece goes through the script piece by piece, and the answers
are joined: no more of it lies in memory, and it is what a batch transform with `MultiRecord` does
on AWS. An answer that can't be joined (one JSON document, made by the script) takes the whole body.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from windfall_local.engines.tables import codecs
from windfall_local.engines.tables.invocations import (
    LINE_BASED,
    Invocation,
    RefusedError,
    Reply,
)
from windfall_local.engines.tables.lines import PIECE, pieces

Framework = Literal["scikit-learn", "xgboost"]
_TEXT = ("text/csv", "application/json")
"""Media types whose body the script gets as text, by the toolkit's own list."""


class ScriptError(Exception):
    """The script can't be used; the message is for its author."""


class ScriptContainer:
    """A container that serves a model with a script.

    Args:
        folder: Where the model lies.
        code: Where the script lies.
        framework: Whose defaults do what the script does not.
        environment: Its variables.

    Raises:
        ScriptError: It can't be imported, or has no `model_fn`, or that fails.
    """

    def __init__(
        self,
        folder: Path,
        code: Path,
        framework: Framework,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        module = _import(code, environment.get("SAGEMAKER_PROGRAM") or "")
        self._accept = environment.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT") or codecs.JSON
        self._transform: Callable[..., Any] | None = getattr(module, "transform_fn", None)
        self._output: Callable[..., Any] | None = getattr(module, "output_fn", None)
        own_input, own_predict = (
            getattr(module, name, None) for name in ("input_fn", "predict_fn")
        )
        if self._transform and (own_input or own_predict or self._output):
            raise ScriptError(
                "Cannot use transform_fn implementation with input_fn, predict_fn, and/or output_fn"
            )
        self._input: Callable[..., Any] = own_input or _INPUTS[framework]
        self._predict: Callable[..., Any] = own_predict or _predict
        self._is_whole = True
        self._model = _load(module, folder)

    def answer(self, invocation: Invocation) -> Reply:
        """Predict.

        Raises:
            RefusedError: 415 or 406 for a media type, 500 for whatever the script raises.
        """
        accept = invocation.accept
        if not accept or accept == "*/*":
            accept = self._accept
        self._is_whole = self._takes_whole(invocation, accept)
        bodies = self._bodies(invocation)
        content_type = invocation.content_type or codecs.JSON
        if self._transform is None and self._output is None:
            return self._encode(bodies, content_type, accept)
        return _join([self._ask(body, content_type, accept) for body in bodies], accept)

    def _takes_whole(self, invocation: Invocation, accept: str) -> bool:
        own = self._transform is not None or self._output is not None
        joinable = not own or accept.partition(";")[0] in LINE_BASED
        small = invocation.body.stat().st_size <= PIECE
        return small or not joinable or invocation.media_type not in LINE_BASED

    def _bodies(self, invocation: Invocation) -> Iterator[bytes]:
        if self._is_whole:
            yield invocation.body.read_bytes()
            return
        with invocation.body.open("rb") as body:
            yield from pieces(body)

    def _ask(self, body: bytes, content_type: str, accept: str) -> Any:
        with _blamed():
            if self._transform is not None:
                text = _as_text(body, content_type)
                return self._transform(self._model, text, content_type, accept)
            assert self._output is not None  # `answer` looked
            return self._output(self._predicted(body, content_type), accept)

    def _predicted(self, body: bytes, content_type: str) -> Any:
        with _blamed():
            if self._input is _numbers:
                data = codecs.decode(body, _media_type(content_type), is_whole=self._is_whole)
            else:
                data = self._input(_as_text(body, content_type), content_type)
            return self._predict(data, self._model)

    def _encode(self, bodies: Iterator[bytes], content_type: str, accept: str) -> Reply:
        predictions = (self._predicted(body, content_type) for body in bodies)
        if accept == codecs.CSV:
            encoded: Any = (codecs.encode(some, accept) for some in predictions)
            return Reply(200, "text/csv; charset=utf-8", encoded)
        gathered = list(predictions)
        whole = gathered[0] if len(gathered) == 1 else np.concatenate(gathered)
        return Reply(200, accept, [codecs.encode(whole, accept)])


def _import(code: Path, program: str) -> Any:
    name = program.removesuffix(".py")
    if not name:
        raise ScriptError(
            "There is no script: name it in SAGEMAKER_PROGRAM, and its folder in "
            "SAGEMAKER_SUBMIT_DIRECTORY."
        )
    if not (code / f"{name}.py").exists() and not (code / name / "__init__.py").exists():
        raise ScriptError(f"The script {program} is not among the files of {code.name}.")
    sys.path.insert(0, str(code))
    try:
        return importlib.import_module(name.replace("/", "."))
    except Exception as error:
        traceback.print_exc()
        raise ScriptError(f"{program} can't be imported: {_said(error)}") from error


def _load(module: Any, folder: Path) -> Any:
    model_fn = getattr(module, "model_fn", None)
    if model_fn is None:
        raise ScriptError("Please provide a model_fn implementation.")
    try:
        return model_fn(str(folder))
    except Exception as error:
        traceback.print_exc()
        raise ScriptError(f"model_fn failed: {_said(error)}") from error


class _blamed:  # noqa: N801 - reads as the statement it is
    """What the script raises is the container's error 500; the log has the whole of it."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, RefusedError):
            traceback.print_exception(error)
            raise RefusedError(500, _said(error)) from error


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _as_text(body: bytes, content_type: str) -> bytes | str:
    return body.decode("utf-8") if content_type in _TEXT else body


def _bytes(body: bytes | str) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip()


def _numbers(body: bytes | str, content_type: str) -> Any:
    return codecs.decode(_bytes(body), _media_type(content_type))


def _matrix(body: bytes | str, content_type: str) -> Any:
    import xgboost as xgb  # noqa: PLC0415 - a scikit-learn container does not need it

    from windfall_local.engines.tables.numbers import (  # noqa: PLC0415
        delimiter_of,
        read_csv,
        read_libsvm,
    )

    media_type, content = _media_type(content_type), _bytes(body).strip()
    if media_type == codecs.CSV:
        return xgb.DMatrix(read_csv(content, delimiter_of(content)))
    if media_type in ("text/libsvm", "text/x-libsvm"):
        return xgb.DMatrix(read_libsvm(content)[0])
    raise RefusedError(415, f"Content type {media_type} is not supported by this framework.")


_INPUTS: dict[str, Callable[..., Any]] = {"scikit-learn": _numbers, "xgboost": _matrix}


def _predict(data: Any, model: Any) -> Any:
    return model.predict(data)


def _join(answers: list[Any], accept: str) -> Reply:
    """The script's answers, in its own form: a body, a body and its type, or a response object."""
    parts, status, content_type = [], 200, accept
    for answer in answers:
        body = answer
        if isinstance(answer, tuple):
            body, content_type = answer[0], answer[1]
        elif hasattr(answer, "get_data"):
            body, content_type = answer.get_data(), answer.mimetype
            status = max(status, answer.status_code)
        parts.append(_bytes(body) if body is not None else b"")
    if len(parts) > 1:
        parts = [part if part.endswith(b"\n") else part + b"\n" for part in parts]
    return Reply(status, content_type, parts)
