"""espeak-ng through ctypes: text in, samples and timed events out. One per process."""

from __future__ import annotations

import ctypes
import html
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from windfall_local.engines import EngineUnavailableError
from windfall_local.engines.voice import Speaker

# speak_lib.h of espeak-ng 1.52.
_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEMES_IN_IPA, _KEEP_SILENT = 0x1, 0x2, 0x8000
_UTF8, _SSML, _PHONEMES_IN_TEXT = 0x1, 0x10, 0x100
_BY_CHARACTER = 1
_RATE, _PITCH = 1, 3
_KINDS: dict[int, Literal["word", "mark", "phoneme"]] = {1: "word", 3: "mark", 7: "phoneme"}
_GENDERS = {"male": 1, "female": 2}

WORDS_PER_MINUTE = 165


class _EventValue(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("value", _EventValue),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("unused", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something at a time.

    Attributes:
        kind: What it is.
        time: Milliseconds from the start.
        position: Index of its first character in what was synthesised.
        value: The mark's name or the phoneme in IPA; empty for a word.
    """

    kind: Literal["word", "mark", "phoneme"]
    time: int
    position: int
    value: str


class Espeak:
    """The synthesiser.

    Raises:
        EngineUnavailableError: Its library is not there or does not start.
    """

    def __init__(self) -> None:
        try:
            import espeakng_loader  # noqa: PLC0415 - GPL: loaded in this process only

            self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
            data = espeakng_loader.get_data_path()
        except (ImportError, OSError, RuntimeError) as error:
            raise EngineUnavailableError(
                f"espeak-ng could not be loaded ({error}). Install the package espeakng-loader: "
                "`pip install -r requirements/local.txt`."
            ) from error
        options = _PHONEME_EVENTS | _PHONEMES_IN_IPA | _KEEP_SILENT
        self.rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), options))
        if self.rate <= 0:
            raise EngineUnavailableError(f"espeak-ng does not start with the data in {data}.")
        self._samples = bytearray()
        self._events: list[Event] = []
        # Kept here: ctypes frees a callback that nobody holds.
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)

    def synthesize(
        self, markup: str, speaker: Speaker, *, phonemes: bool
    ) -> tuple[NDArray[np.int16], list[Event]]:
        """Speak SSML of the synthesiser's own kind.

        Args:
            markup: Without `speak` around it.
            speaker: Who speaks.
            phonemes: Whether `[[…]]` in it holds phonemes.

        Raises:
            EngineUnavailableError: There is no such voice, or it failed.
        """
        self._choose(speaker)
        self._samples.clear()
        self._events.clear()
        content = markup.encode()
        flags = _UTF8 | _SSML | (_PHONEMES_IN_TEXT if phonemes else 0)
        failed = self._library.espeak_Synth(
            content, len(content) + 1, 0, _BY_CHARACTER, 0, flags, None, None
        )
        failed = failed or self._library.espeak_Synchronize()
        if failed:
            raise EngineUnavailableError(f"espeak-ng failed with code {failed}.")
        return np.frombuffer(bytes(self._samples), np.int16), list(self._events)

    def _choose(self, speaker: Speaker) -> None:
        wanted = _Voice(
            languages=speaker.language.encode(),
            gender=_GENDERS[speaker.gender],
            variant=speaker.variant,
        )
        if self._library.espeak_SetVoiceByProperties(ctypes.byref(wanted)):
            raise EngineUnavailableError(f"espeak-ng has no voice for {speaker.language}.")
        self._library.espeak_SetParameter(_RATE, WORDS_PER_MINUTE, 0)
        self._library.espeak_SetParameter(_PITCH, speaker.pitch, 0)

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        if count > 0:
            self._samples += ctypes.string_at(samples, count * 2)
        index = 0
        while events[index].type:
            event = events[index]
            index += 1
            kind = _KINDS.get(event.type)
            if kind is None:
                continue
            value = b""
            if kind == "mark":
                value = event.value.name or b""
            elif kind == "phoneme":
                value = event.value.string
            text = value.decode("utf-8", "ignore")
            self._events.append(Event(kind, event.audio_position, event.text_position - 1, text))
        return 0


@cache
def started() -> Espeak:
    """The synthesiser of this process: its library has one state, and one callback."""
    return Espeak()


def escape(text: str) -> str:
    """Text that the synthesiser's SSML parser reads as it stands."""
    return html.escape(text, quote=False)
