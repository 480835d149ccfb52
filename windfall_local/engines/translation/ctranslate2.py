"""Translation by a neural model of the user's own, run by CTranslate2.

`WINDFALL_CTRANSLATE2_DIR` names a folder with one folder per pair of languages (`en-es`), each with
a converted OPUS-MT model: `model.bin` beside its SentencePiece models `source.spm`, `target.spm`.
Nothing is fetched; the packages `ctranslate2` and `sentencepiece` are the user's to install.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from windfall_local.engines import EngineUnavailableError, UnsupportedFeatureError
from windfall_local.engines.translation import stream

VARIABLE = "WINDFALL_CTRANSLATE2_DIR"
_FILES = ("model.bin", "source.spm", "target.spm")
_PAIR = re.compile(r"[a-z]{2}(?:-[A-Z]{2})?-[a-z]{2}(?:-[A-Z]{2})?")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


class CTranslate2Engine:
    """Translates by every pair whose model lies in the folder.

    Args:
        folder: With the models; by default what the environment names.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(os.environ.get(VARIABLE, ""))
        self._loaded: dict[tuple[str, str], tuple[Any, Any, Any]] = {}

    def targets(self) -> dict[str, list[str]]:
        """Per source language, the languages it can be translated into."""
        pairs = sorted(self._pairs())
        return {source: [t for s, t in pairs if s == source] for source, _ in pairs}

    def translate(self, text: str, source: str, target: str) -> str:
        """The text in the target language; blank lines and line breaks are kept."""
        translator, reader, writer = self._load(source, target)
        translated = []
        for body, gap in stream.split(text):
            sentences = [sentence for sentence in _SENTENCE_END.split(body) if sentence]
            pieces = [[*reader.encode(sentence, out_type=str), "</s>"] for sentence in sentences]
            results = translator.translate_batch(pieces) if pieces else []
            words = [writer.decode(result.hypotheses[0]) for result in results]
            translated.append(" ".join(words) + gap)
        return "".join(translated)

    def translate_all(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        """Several texts, each for itself."""
        return [self.translate(text, source, target) for text in texts]

    def _pairs(self) -> set[tuple[str, str]]:
        if not self._folder.is_dir():
            raise EngineUnavailableError(f"{VARIABLE} names {self._folder}, which is no folder.")
        found = set()
        for folder in self._folder.iterdir():
            if _PAIR.fullmatch(folder.name):
                codes = re.findall(r"[a-z]{2}(?:-[A-Z]{2})?", folder.name)
                found.add((codes[0], codes[1]))
        if not found:
            raise EngineUnavailableError(
                f"{self._folder} has no folder that is named for a pair of languages (en-es)."
            )
        return found

    def _load(self, source: str, target: str) -> tuple[Any, Any, Any]:
        if (source, target) not in self._pairs():
            raise UnsupportedFeatureError(f"{self._folder} has no model {source}-{target}.")
        if (source, target) not in self._loaded:
            folder = self._folder / f"{source}-{target}"
            missing = [name for name in _FILES if not (folder / name).exists()]
            if missing:
                raise EngineUnavailableError(f"{folder} has no {', '.join(missing)}.")
            self._loaded[source, target] = _open(folder)
        return self._loaded[source, target]


def _open(folder: Path) -> tuple[Any, Any, Any]:
    try:
        ctranslate2 = import_module("ctranslate2")
        sentencepiece = import_module("sentencepiece")
    except ImportError as error:
        raise EngineUnavailableError(
            f"{error.name} is not installed: `pip install ctranslate2 sentencepiece`."
        ) from error
    try:
        return (
            ctranslate2.Translator(str(folder), device="cpu", compute_type="int8"),
            sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm")),
            sentencepiece.SentencePieceProcessor(model_file=str(folder / "target.spm")),
        )
    except (RuntimeError, OSError, ValueError) as error:
        raise EngineUnavailableError(f"The model in {folder} can't be loaded: {error}") from error
