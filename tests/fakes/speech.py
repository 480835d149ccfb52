"""Polly that speaks a frame of MP3 for each character of the SSML's words."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal
from xml.etree import ElementTree as ET

from windfall.contracts.languages import Engine
from windfall.errors import UnsupportedError
from windfall.ports.analysis_services import Speech

# MPEG-2 layer III, 48 kbit/s, 24 kHz, mono: 144 bytes and 24 ms.
HEADER = bytes([0xFF, 0xF3, 0x64, 0xC4])
FRAME = HEADER + b"\x00" * 140
FRAME_MILLISECONDS = 24
_INFO_FRAME = HEADER + b"\x00" * 9 + b"Info" + b"\x00" * 127
_ID3 = b"ID3\x04\x00\x00\x00\x00\x00\x05hello"


class FakeSpeech:
    """Answers with ID3 tag and header frame in front, as encoders do."""

    def __init__(self, engines: Sequence[str] = ("standard", "neural"), marks: bool = True) -> None:
        self._engines = engines
        self._marks = marks
        self.bought: list[tuple[str, str]] = []
        self.voices: list[tuple[str, str, tuple[str, ...], int | None]] = []

    def speak(
        self,
        ssml: str,
        *,
        voice: str,
        engine: Engine,
        lexicons: Sequence[str] = (),
        output: Literal["mp3", "ogg_vorbis", "pcm"] = "mp3",
        sample_rate: int | None = None,
    ) -> bytes:
        """As many frames as characters are spoken, fewer at a higher rate."""
        self._check(ssml, engine)
        self.bought.append(("speak", ssml))
        self.voices.append((voice, engine, tuple(lexicons), sample_rate))
        frames = round(len(words_of(ssml)) * 100 / rate_of(ssml))
        return _ID3 + _INFO_FRAME + FRAME * frames + b"TAG" + bytes(125)

    def marks(
        self, ssml: str, *, voice: str, engine: Engine, lexicons: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """A mark for each sentence and word, 100 ms apart, counted in bytes of the SSML."""
        self._check(ssml, engine)
        if not self._marks:
            raise UnsupportedError("This engine gives no marks.")
        self.bought.append(("marks", ssml))
        found: list[dict[str, Any]] = []
        for sentence in re.finditer(r"<s>(.*?)</s>", ssml, re.S):
            spans = [("sentence", sentence.start(1), sentence.end(1))]
            spans += [
                ("word", sentence.start(1) + word.start(), sentence.start(1) + word.end())
                for word in re.finditer(r"(?:&\w+;|\w)+", sentence[1])
            ]
            for kind, start, end in spans:
                mark = {"time": 100 * len(found), "type": kind, "value": ssml[start:end]}
                mark |= {"start": _bytes(ssml[:start]), "end": _bytes(ssml[:end])}
                found.append(json.loads(json.dumps(mark)))
        return found

    def _check(self, ssml: str, engine: str) -> None:
        if engine not in self._engines:
            raise UnsupportedError(f"SynthesizeSpeech: this voice has no engine {engine}.")
        assert len(ssml) <= 6_000
        assert len(words_of(ssml)) <= 3_000


def words_of(ssml: str) -> str:
    """What is spoken, which must be well-formed XML."""
    return "".join(ET.fromstring(ssml).itertext())


def rate_of(ssml: str) -> int:
    """Percent of the voice's own rate."""
    prosody = ET.fromstring(ssml).find("prosody")
    return 100 if prosody is None else int(prosody.attrib["rate"].removesuffix("%"))


def _bytes(text: str) -> int:
    return len(text.encode())


def as_speech(speech: FakeSpeech) -> Speech:
    """Type-checked: the fake fulfils the port."""
    return speech
