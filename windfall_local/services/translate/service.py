"""The operations of Translate that a local engine really answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from windfall_local.api import (
    CallContext,
    Cloud,
    OperationService,
    ServiceError,
    UnsupportedOperationError,
)
from windfall_local.engines.host import EngineHost
from windfall_local.services.translate import documents
from windfall_local.services.translate.job import is_wanted, shown
from windfall_local.services.translate.jobs import Jobs
from windfall_local.services.translate.languages import NAMES, READ_AS
from windfall_local.services.translate.terminologies import TerminologyStore
from windfall_local.services.translate.terminology import applied
from windfall_local.services.translate.translating import Translating

Answer = dict[str, Any]

LONGEST = 10_000
"""Bytes of UTF-8 for TranslateText."""

LARGEST_DOCUMENT = 102_400
"""Bytes for TranslateDocument."""


class TranslateService(OperationService):
    """Translate; the languages that the installed engine has.

    Formality, profanity and brevity are taken and not applied: `AppliedSettings` tells so by
    not naming them.

    Args:
        cloud: The cloud it is part of.
        host: Runs the engine.
    """

    name = "translate"

    def __init__(self, cloud: Cloud, host: EngineHost) -> None:
        folder = cloud.data_dir / "translate"
        self._store = TerminologyStore(folder / "terminologies", cloud.region)
        self._translating = Translating(cloud, host, self._store)
        self._jobs = Jobs(cloud, self._translating, folder / "jobs")

    # --- Life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Go on with the jobs that an earlier process accepted."""
        await self._jobs.start()

    async def stop(self) -> None:
        """End the work; what is done of it is kept."""
        await self._jobs.stop()

    # --- Texts and documents --------------------------------------------------------------------

    async def translate_text(self, parameters: Answer, context: CallContext) -> Answer:
        """A text in another language."""
        text = str(parameters.get("Text", ""))
        size = len(text.encode("utf-8", "surrogatepass"))
        if not size:
            raise _invalid("Text must have a length of at least 1")
        if size > LONGEST:
            raise ServiceError(
                "TextSizeLimitExceededException",
                f"Input text size exceeds limit. Max length of request text allowed is {LONGEST} "
                f"bytes while in this request the text size is {size} bytes",
            )
        translated, answer = await self._translate([text], parameters, context)
        return {"TranslatedText": translated[0], **answer}

    async def translate_document(self, parameters: Answer, context: CallContext) -> Answer:
        """A plain, HTML or Word document in another language."""
        content = bytes(parameters["Document"]["Content"])
        kind = str(parameters["Document"]["ContentType"]).split(";")[0].strip().lower()
        if kind not in (documents.TEXT, documents.HTML, documents.WORD):
            raise _invalid(f"The content type {kind} is not supported")
        if len(content) > LARGEST_DOCUMENT:
            raise ServiceError(
                "LimitExceededException",
                f"The document has {len(content)} bytes; at most {LARGEST_DOCUMENT} are allowed",
            )
        try:
            texts, rebuild = await asyncio.to_thread(documents.take_apart, content, kind)
        except documents.DocumentError as error:
            raise _invalid(str(error)) from error
        translated, answer = await self._translate(texts, parameters, context)
        built = await asyncio.to_thread(rebuild, translated)
        return {"TranslatedDocument": {"Content": built}, **answer}

    async def list_languages(self, parameters: Answer, context: CallContext) -> Answer:
        """The languages that the engine serves now."""
        display = str(parameters.get("DisplayLanguageCode") or "en")
        if display != "en":
            raise ServiceError(
                "UnsupportedDisplayLanguageCodeException",
                f"The local translate names languages in English only, not in {display}",
                fields={"DisplayLanguageCode": display},
            )
        served = await self._translating.targets()
        codes = {*served, *(target for targets in served.values() for target in targets)}
        codes |= {variety for variety, language in READ_AS.items() if language in codes}
        listed = [{"LanguageName": "Auto", "LanguageCode": "auto"}] + [
            {"LanguageName": NAMES[code], "LanguageCode": code}
            for code in sorted(codes, key=lambda code: NAMES[code])
        ]
        page, token = _page(listed, parameters)
        return {"Languages": page, "DisplayLanguageCode": display, **token}

    # --- Terminologies --------------------------------------------------------------------------

    async def import_terminology(self, parameters: Answer, context: CallContext) -> Answer:
        """Keep custom terms."""
        for name in ("EncryptionKey", "Tags"):
            if parameters.get(name):
                raise UnsupportedOperationError(
                    f"The local translate keeps terminologies without {name}."
                )
        if parameters.get("MergeStrategy") != "OVERWRITE":
            raise ServiceError("InvalidParameterValueException", "MergeStrategy must be OVERWRITE")
        name, data = str(parameters["Name"]), parameters["TerminologyData"]
        properties = self._store.put(name, data, parameters.get("Description"))
        return {"TerminologyProperties": properties}

    async def get_terminology(self, parameters: Answer, context: CallContext) -> Answer:
        """Custom terms: what they are, and where their file lies on this machine."""
        name = str(parameters["Name"])
        return {
            "TerminologyProperties": self._store.properties(name),
            "TerminologyDataLocation": self._store.location(name),
        }

    async def list_terminologies(self, parameters: Answer, context: CallContext) -> Answer:
        """All terminologies, by name."""
        listed = [self._store.properties(name) for name in self._store.names()]
        page, token = _page(listed, parameters)
        return {"TerminologyPropertiesList": page, **token}

    async def delete_terminology(self, parameters: Answer, context: CallContext) -> Answer:
        """Forget custom terms."""
        self._store.delete(str(parameters["Name"]))
        return {}

    # --- Batch jobs -----------------------------------------------------------------------------

    async def start_text_translation_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Accept the documents of a folder."""
        for name in parameters.get("TerminologyNames") or ():
            self._store.properties(str(name))
        job = await self._jobs.accept(parameters)
        return {"JobId": job.name, "JobStatus": job.status}

    async def describe_text_translation_job(
        self, parameters: Answer, context: CallContext
    ) -> Answer:
        """Where a job stands."""
        return {"TextTranslationJobProperties": shown(self._jobs.find(str(parameters["JobId"])))}

    async def list_text_translation_jobs(self, parameters: Answer, context: CallContext) -> Answer:
        """Jobs, the latest first."""
        wanted = parameters.get("Filter") or {}
        listed = [shown(job) for job in self._jobs if is_wanted(job, wanted)]
        page, token = _page(listed, parameters)
        return {"TextTranslationJobPropertiesList": page, **token}

    async def stop_text_translation_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Stop a job; what it has written stays."""
        job = await self._jobs.request_stop(str(parameters["JobId"]))
        return {"JobId": job.name, "JobStatus": job.status}

    async def _translate(
        self, texts: Sequence[str], parameters: Answer, context: CallContext
    ) -> tuple[list[str], Answer]:
        """The texts in the target language, and what the answer tells beside them."""
        target = str(parameters.get("TargetLanguageCode", ""))
        source = str(parameters.get("SourceLanguageCode", ""))
        terminologies = [str(name) for name in parameters.get("TerminologyNames") or []]
        if len(terminologies) > 1:
            raise _invalid("At most one terminology can be applied")
        done = await self._translating.translate(
            texts, source, target, terminologies, context.principal
        )
        answer: Answer = {"SourceLanguageCode": done.source, "TargetLanguageCode": target}
        if terminologies:
            answer["AppliedTerminologies"] = [applied(terminologies[0], done.terms)]
        if parameters.get("Settings"):
            answer["AppliedSettings"] = {}
        return done.texts, answer


def _page(items: list[Answer], parameters: Answer) -> tuple[list[Answer], Answer]:
    """A page of a list; the token is where the next one begins."""
    token = str(parameters.get("NextToken") or "0")
    if not token.isdigit() or int(token) > len(items):
        raise ServiceError("InvalidParameterValueException", "The NextToken is invalid")
    begin = int(token)
    end = begin + int(parameters.get("MaxResults") or 500)
    return items[begin:end], {"NextToken": str(end)} if end < len(items) else {}


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidRequestException", message)
