"""The operations of Polly that the local synthesiser really answers."""

from __future__ import annotations

from typing import Any

from windfall_local.api import (
    ACCOUNT,
    CallContext,
    Cloud,
    OperationService,
    ServiceError,
    UnsupportedOperationError,
)
from windfall_local.engines.host import EngineHost
from windfall_local.services.polly import request as requests
from windfall_local.services.polly.lexicons import LexiconStore
from windfall_local.services.polly.speaking import Speaking
from windfall_local.services.polly.task import Task, check_destination, shown
from windfall_local.services.polly.tasks import Tasks
from windfall_local.services.polly.voices import LANGUAGE_NAMES, VOICES, Voice

Answer = dict[str, Any]


class PollyService(OperationService):
    """Polly; every voice is spoken by espeak-ng, whichever engine is asked for.

    Args:
        cloud: The cloud it is part of.
        host: Runs the engine.
    """

    name = "polly"

    def __init__(self, cloud: Cloud, host: EngineHost) -> None:
        self._cloud = cloud
        folder = cloud.data_dir / "polly"
        self._lexicons = LexiconStore(folder / "lexicons")
        self._speaking = Speaking(host, self._lexicons)
        self._tasks = Tasks(cloud, self._speaking, folder / "tasks")

    # --- Life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Go on with the tasks that an earlier process accepted."""
        await self._tasks.start()

    async def stop(self) -> None:
        """End the work; a task that is not done is spoken anew by the next process."""
        await self._tasks.stop()

    # --- Speech ---------------------------------------------------------------------------------

    async def synthesize_speech(self, parameters: Answer, context: CallContext) -> Answer:
        """A text as sound, or as the marks of its sound."""
        order = requests.read_order(parameters, requests.ANSWER)
        billed = await self._speaking.measure(order, requests.ANSWER)
        return {
            "AudioStream": await self._speaking.speak(order),
            "ContentType": requests.CONTENT_TYPES[order.output],
            "RequestCharacters": billed,
        }

    async def start_speech_synthesis_task(self, parameters: Answer, context: CallContext) -> Answer:
        """Accept a text to be spoken into an object in S3."""
        order = requests.read_order(parameters, requests.TASK)
        check_destination(parameters, self._cloud.region)
        billed = await self._speaking.measure(order, requests.TASK)
        task = self._tasks.accept(parameters, context.principal, billed)
        return {"SynthesisTask": self._shown(task)}

    async def get_speech_synthesis_task(self, parameters: Answer, context: CallContext) -> Answer:
        """Where a task stands."""
        return {"SynthesisTask": self._shown(self._tasks.find(str(parameters["TaskId"])))}

    async def list_speech_synthesis_tasks(self, parameters: Answer, context: CallContext) -> Answer:
        """Tasks, the latest first."""
        listed, token = self._tasks.page(
            parameters.get("Status"), parameters.get("MaxResults"), parameters.get("NextToken")
        )
        answer: Answer = {"SynthesisTasks": [self._shown(task) for task in listed]}
        return {**answer, "NextToken": token} if token else answer

    # --- Voices and lexicons --------------------------------------------------------------------

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

    def _shown(self, task: Task) -> Answer:
        return shown(task, self._cloud.region)

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


def _refuse_token(parameters: Answer) -> None:
    if parameters.get("NextToken"):
        raise ServiceError("InvalidNextTokenException", "The NextToken is invalid")
