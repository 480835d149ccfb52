"""Amazon Polly: speech and its marks from SSML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import HTTPClientError, IncompleteReadError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.errors import TransientError

if TYPE_CHECKING:
    from windfall.contracts.languages import Engine


class PollySpeech:
    """Speaks with Polly; the engine is always named, since its default is `standard`."""

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
        """The spoken text as audio."""
        options: dict[str, Any] = {"OutputFormat": output}
        if sample_rate is not None:
            options["SampleRate"] = str(sample_rate)
        return self._synthesize(ssml, voice, engine, lexicons, options)

    def marks(
        self, ssml: str, *, voice: str, engine: Engine, lexicons: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """Speech marks: Polly answers one JSON document per line."""
        options = {"OutputFormat": "json", "SpeechMarkTypes": ["sentence", "word"]}
        lines = self._synthesize(ssml, voice, engine, lexicons, options)
        return [json.loads(line) for line in lines.splitlines() if line.strip()]

    def _synthesize(
        self,
        ssml: str,
        voice: str,
        engine: Engine,
        lexicons: Sequence[str],
        options: dict[str, Any],
    ) -> bytes:
        if lexicons:
            options = {**options, "LexiconNames": list(lexicons)}
        with translated_errors():
            answer = ai_client("polly").synthesize_speech(
                Text=ssml, TextType="ssml", VoiceId=voice, Engine=engine, **options
            )
        try:
            audio: bytes = answer["AudioStream"].read()
        except (HTTPClientError, IncompleteReadError) as error:
            raise TransientError(f"The connection broke while speaking: {error}") from error
        finally:
            answer["AudioStream"].close()
        return audio
