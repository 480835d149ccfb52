"""The operations of Polly that the local synthesiser really answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from windfall_local.api import (
    ACCOUNT,
    CallContext,
    Cloud,
    OperationService,
    ServiceError,
    UnsupportedOperationError,
)
from windfall_local.engines import EngineDiedError, EngineUnavailableError
from windfall_local.engines.host import EngineHost
from windfall_local.engines.voice import ESPEAK, InvalidSsmlError, Mark, Speech, SpeechRequest
from windfall_local.services.polly import request as requests
from windfall_local.services.polly.lexicons import LexiconStore
from windfall_local.services.polly.voices import LANGUAGE_NAMES, SPOKEN, VOICES, Voice

Answer = dict[str, Any]

_TASKS = (
    "Tasks of the local polly are not there yet: {0} works on AWS only. SynthesizeSpeech speaks "
    "up to 3,000 characters."
)


class PollyService(OperationService):
    """Polly; every voice is spoken by espeak-ng, whichever engine is asked for.

    Args:
        cloud: The cloud it is part of.
        host: Runs the engine.
    """

    name = "polly"

    def __init__(self, cloud: Cloud, host: EngineHost) -> None:
        self._cloud = cloud
        self._host = host
        self._lexicons = LexiconStore(cloud.data_dir / "polly" / "lexicons")

    async def synthesize_speech(self, parameters: Answer, context: CallContext) -> Answer:
        """A text as sound, or as the marks of its sound."""
        order = requests.read_order(parameters)
        billed = await self._measure(order)
        lexicons = [self._lexicons.lexicon(name) for name in order.lexicons]
        spoken = SpeechRequest(
            text=order.text,
            ssml=order.ssml,
            speaker=order.voice.speaker(order.language),
            languages=SPOKEN,
            refused=order.refused,
            lexicons=[lexicon for lexicon in lexicons if lexicon.language == order.language],
        )
        speech: Speech = await self._ask("speak", spoken, order.audio, order.rate)
        stream = speech.audio
        if order.audio is None:
            stream = _mark_lines(speech.marks, order.marks)
        return {
            "AudioStream": stream,
            "ContentType": requests.CONTENT_TYPES[order.output],
            "RequestCharacters": billed,
        }

    async def describe_voices(self, parameters: Answer, context: CallContext) -> Answer:
        """The voices, all on one page."""
        _refuse_token(parameters)
        language = parameters.get("LanguageCode")
        engine = parameters.get("Engine")
        also = bool(parameters.get("IncludeAdditionalLanguageCodes"))
        found = [
            voice
            for voice in VOICES.values()
            if (engine is None or engine in voice.engines)
            and (
                language is None or voice.language == language or (also and language in voice.also)
            )
        ]
        return {"Voices": [_voice_answer(voice) for voice in found]}

    async def put_lexicon(self, parameters: Answer, context: CallContext) -> Answer:
        """Keep a pronunciation lexicon."""
        if parameters.get("Tags"):
            raise UnsupportedOperationError("The local polly keeps no tags of lexicons.")
        self._lexicons.put(str(parameters["Name"]), str(parameters["Content"]))
        return {}

    async def get_lexicon(self, parameters: Answer, context: CallContext) -> Answer:
        """A lexicon and what it is."""
        name = str(parameters["Name"])
        return {
            "Lexicon": {"Content": self._lexicons.content(name), "Name": name},
            "LexiconAttributes": self._lexicons.attributes(name, self._arn(name)),
        }

    async def list_lexicons(self, parameters: Answer, context: CallContext) -> Answer:
        """Every lexicon, all on one page."""
        _refuse_token(parameters)
        return {
            "Lexicons": [
                {"Name": name, "Attributes": self._lexicons.attributes(name, self._arn(name))}
                for name in self._lexicons.names()
            ]
        }

    async def delete_lexicon(self, parameters: Answer, context: CallContext) -> Answer:
        """Forget a lexicon."""
        self._lexicons.delete(str(parameters["Name"]))
        return {}

    async def start_speech_synthesis_task(self, parameters: Answer, context: CallContext) -> Answer:
        """Refused: not there yet."""
        raise UnsupportedOperationError(_TASKS.format("StartSpeechSynthesisTask"))

    async def get_speech_synthesis_task(self, parameters: Answer, context: CallContext) -> Answer:
        """Refused: not there yet."""
        raise UnsupportedOperationError(_TASKS.format("GetSpeechSynthesisTask"))

    async def list_speech_synthesis_tasks(self, parameters: Answer, context: CallContext) -> Answer:
        """Refused: not there yet."""
        raise UnsupportedOperationError(_TASKS.format("ListSpeechSynthesisTasks"))

    async def _measure(self, order: requests.SpeechOrder) -> int:
        """The billed characters: tags are free, and count for the total."""
        billed, total = len(order.text), len(order.text)
        if order.ssml:
            # What is too long as a whole need not be parsed.
            requests.check_length(0, total)
            billed, total = await self._ask("count_characters", order.text)
        requests.check_length(billed, total)
        return billed

    async def _ask(self, method: str, *arguments: Any) -> Any:
        try:
            return await self._host.run(ESPEAK, method, *arguments)
        except InvalidSsmlError as error:
            raise ServiceError("InvalidSsmlException", str(error)) from error
        except EngineDiedError as error:
            # It starts again at the next call: the caller's retry will find it.
            raise ServiceError("ServiceFailureException", str(error), status=500) from error
        except EngineUnavailableError as error:
            raise UnsupportedOperationError(f"The local polly can't speak: {error}") from error

    def _arn(self, name: str) -> str:
        return f"arn:aws:polly:{self._cloud.region}:{ACCOUNT}:lexicon/{name}"


def _voice_answer(voice: Voice) -> Answer:
    answer: Answer = {
        "Gender": voice.gender,
        "Id": voice.id,
        "LanguageCode": voice.language,
        "LanguageName": LANGUAGE_NAMES[voice.language],
        "Name": voice.name,
        "SupportedEngines": list(voice.engines),
    }
    if voice.also:
        answer["AdditionalLanguageCodes"] = list(voice.also)
    return answer


def _mark_lines(marks: Sequence[Mark], kinds: frozenset[str]) -> bytes:
    """One JSON document a line, as Polly streams them."""
    lines = []
    for mark in marks:
        if mark.kind not in kinds:
            continue
        line: Answer = {"time": mark.time, "type": mark.kind}
        if mark.start is not None:
            line |= {"start": mark.start, "end": mark.end}
        line["value"] = mark.value
        lines.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    return "".join(lines).encode()


def _refuse_token(parameters: Answer) -> None:
    if parameters.get("NextToken"):
        raise ServiceError("InvalidNextTokenException", "The NextToken is invalid")
