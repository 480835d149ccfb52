"""Orders for speech, put to the engines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from windfall_local.api import ServiceError, UnsupportedOperationError
from windfall_local.engines import EngineDiedError, EngineUnavailableError
from windfall_local.engines.host import EngineHost
from windfall_local.engines.voice import (
    ESPEAK,
    NARRATOR,
    InvalidSsmlError,
    Mark,
    Narration,
    Speech,
    SpeechRequest,
)
from windfall_local.services.polly.lexicons import LexiconStore
from windfall_local.services.polly.request import Limits, SpeechOrder, check_length
from windfall_local.services.polly.voices import SPOKEN


class Speaking:
    """Speaks what is ordered.

    Args:
        host: Runs the engines.
        lexicons: Of this cloud.
    """

    def __init__(self, host: EngineHost, lexicons: LexiconStore) -> None:
        self._host = host
        self._lexicons = lexicons

    async def measure(self, order: SpeechOrder, limits: Limits) -> int:
        """The billed characters: tags are free, and count for the total.

        Raises:
            ServiceError: The text is too long or no SSML, or there is no such lexicon.
        """
        self._request(order)
        billed, total = len(order.text), len(order.text)
        if order.ssml:
            # What is too long as a whole need not be parsed.
            check_length(0, total, limits)
            billed, total = await self._ask(ESPEAK, "count_characters", order.text)
        check_length(billed, total, limits)
        return billed

    async def speak(self, order: SpeechOrder) -> bytes:
        """The sound, or the lines of its marks.

        Raises:
            ServiceError: As Polly has it.
        """
        speech: Speech = await self._ask(
            ESPEAK, "speak", self._request(order), order.audio, order.rate
        )
        return speech.audio if order.audio is not None else _mark_lines(speech.marks, order.marks)

    async def narrate(self, order: SpeechOrder, path: Path) -> None:
        """Write the sound, or the lines of its marks, into a file, however long it is.

        Raises:
            ServiceError: As Polly has it.
        """
        narration: Narration = await self._ask(
            NARRATOR, "narrate", self._request(order), order.audio, order.rate, path
        )
        if order.audio is None:
            lines = _mark_lines(narration.marks, order.marks)
            await asyncio.to_thread(path.write_bytes, lines)

    def _request(self, order: SpeechOrder) -> SpeechRequest:
        lexicons = [self._lexicons.lexicon(name) for name in order.lexicons]
        return SpeechRequest(
            text=order.text,
            ssml=order.ssml,
            speaker=order.voice.speaker(order.language),
            languages=SPOKEN,
            refused=order.refused,
            lexicons=[lexicon for lexicon in lexicons if lexicon.language == order.language],
        )

    async def _ask(self, engine: str, method: str, *arguments: Any) -> Any:
        try:
            return await self._host.run(engine, method, *arguments)
        except InvalidSsmlError as error:
            raise ServiceError("InvalidSsmlException", str(error)) from error
        except EngineDiedError as error:
            # It starts again at the next call: the caller's retry will find it.
            raise ServiceError("ServiceFailureException", str(error), status=500) from error
        except EngineUnavailableError as error:
            raise UnsupportedOperationError(f"The local polly can't speak: {error}") from error


def _mark_lines(marks: Sequence[Mark], kinds: frozenset[str]) -> bytes:
    """One JSON document a line, as Polly streams them."""
    lines = []
    for mark in marks:
        if mark.kind not in kinds:
            continue
        line: dict[str, Any] = {"time": mark.time, "type": mark.kind}
        if mark.start is not None:
            line |= {"start": mark.start, "end": mark.end}
        line["value"] = mark.value
        lines.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    return "".join(lines).encode()
