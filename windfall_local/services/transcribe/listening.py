"""A job's work: fetch the recording, decode it, hear it stretch by stretch, write the transcript.

What is done is kept beside the job, so that an end of the process costs one stretch:

    media         the recording, as it is in S3
    ch_0.pcm …    its sound as plain samples
    plan.json     what was found in it, and the stretches in which somebody speaks
    words.jsonl   the words of each stretch that was heard
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.engines import (
    EngineUnavailableError,
    InvalidMediaError,
    UnsupportedFeatureError,
)
from windfall_local.engines.host import EngineHost
from windfall_local.engines.language import LANGUAGE
from windfall_local.engines.media import MEDIA, Decoded, MediaInfo
from windfall_local.engines.speech import SPEAKERS, SPHINX, WHISPER, SpeechModel, Stretch
from windfall_local.services.transcribe import redaction, subtitles
from windfall_local.services.transcribe.kept import (
    Plan,
    append,
    read_plan,
    read_words,
    replace_whole,
)
from windfall_local.services.transcribe.orders import Location, Order
from windfall_local.services.transcribe.transcript import (
    Piece,
    Transcript,
    Utterance,
    by_speaker,
    filtered,
)

LARGEST = 2 * 1024**3
LONGEST = 8 * 3600.0
SHORTEST = 0.5
MOST_CHANNELS = 2
"""AWS's limits of one recording: bytes, seconds, seconds, channels told apart."""

_PIECE = 8 * 1024**2
_SAMPLED = 3
"""Stretches that tell which language is spoken."""


_log = logging.getLogger(__name__)


class JobFailedError(Exception):
    """The job has failed for good; the message is its FailureReason."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a job: what GetTranscriptionJob tells, and where the files are."""

    found: dict[str, Any]


class Listener:
    """Does the work of jobs.

    Args:
        cloud: Has the recordings.
        host: Runs the engines, each in one process of its own.
    """

    def __init__(self, cloud: Cloud, host: EngineHost) -> None:
        self._cloud = cloud
        self._host = host

    async def listen(
        self, order: Order, caller: Principal, folder: Path, filters: dict[str, frozenset[str]]
    ) -> Heard:
        """Do the whole work of a job, or what an earlier process left of it.

        Args:
            order: What was asked for.
            caller: As whom to read and write.
            folder: For what must survive; emptied of it at the end.
            filters: The words of each vocabulary filter that the order names.

        Raises:
            JobFailedError: It can't be done.
            EngineDiedError: An engine's process died; try again.
            EngineUnavailableError: An engine is not installed.
        """
        work = folder / "work"
        work.mkdir(parents=True, exist_ok=True)
        try:
            model: SpeechModel = await self._host.run(_engine(), "model")
            _check_language(order, model)
            plan = await self._plan(order, caller, work)
            language = order.language or plan.identified[0][0]
            heard = await self._hear(plan, work, language.split("-")[0])
            heard = await self._tell_apart(order, plan, work, heard)
        except (InvalidMediaError, UnsupportedFeatureError) as error:
            raise JobFailedError(str(error)) from error
        named = order.filter_for(language)
        if named is not None:
            heard = filtered(heard, filters[named[0]], named[1])
        files = await self._write(order, caller, plan, heard, model)
        found = {
            "language": language,
            "format": plan.format,
            "rate": plan.rate,
            "seconds": round(plan.seconds, 3),
            "model": model.name,
            "files": files,
        }
        if plan.identified:
            found["score"] = plan.identified[0][1]
        shutil.rmtree(work, ignore_errors=True)
        return Heard(found)

    # --- Fetch and decode -----------------------------------------------------------------------

    async def _plan(self, order: Order, caller: Principal, work: Path) -> Plan:
        path = work / "plan.json"
        if path.exists():
            return read_plan(path)
        media = work / "media"
        await self._fetch(order.media, caller, media)
        info: MediaInfo = await self._host.run(MEDIA, "probe", media)
        _check_media(order, info)
        apart = bool(order.settings.get("ChannelIdentification"))
        decoded: Decoded = await self._host.run(MEDIA, "decode", media, work, apart, LONGEST)
        media.unlink()
        if decoded.seconds < SHORTEST:
            raise JobFailedError(
                f"Invalid media length: the recording has {decoded.seconds:.2f} seconds, and at "
                f"least {SHORTEST} are needed."
            )
        stretches = [await self._host.run(_engine(), "stretches", one) for one in decoded.files]
        identified = await self._identify(order, decoded, stretches)
        plan = Plan(info.format, info.rate, decoded.seconds, apart, stretches, identified)
        replace_whole(path, json.dumps(asdict(plan)))
        return plan

    async def _fetch(self, source: Location, caller: Principal, path: Path) -> None:
        """Copy an object in pieces: a recording may be larger than memory."""
        where = {"Bucket": source.bucket, "Key": source.key}
        try:
            head = await self._cloud.call("s3", "HeadObject", where, caller)
            size = int(head["ContentLength"])
            if size > LARGEST:
                raise JobFailedError("Invalid file size: file size too large.")
            with path.open("wb") as file:
                for begin in range(0, size, _PIECE):
                    wanted = f"bytes={begin}-{min(begin + _PIECE, size) - 1}"
                    part = await self._cloud.call(
                        "s3", "GetObject", {**where, "Range": wanted}, caller
                    )
                    await asyncio.to_thread(file.write, bytes(part["Body"]))
        except ServiceError as error:
            raise JobFailedError(
                "The URI that you provided can't be accessed. Make sure that you have read "
                f"permission and try your request again. ({error.code})"
            ) from error

    async def _identify(
        self, order: Order, decoded: Decoded, stretches: list[list[Stretch]]
    ) -> list[tuple[str, float]]:
        """Languages by the first stretches; without speech, the first that would be heard."""
        if not order.request.get("IdentifyLanguage"):
            return []
        model: SpeechModel = await self._host.run(_engine(), "model")
        choice = _choice(order, model)
        if not model.tells:
            # It hears one language: what was not excluded is taken for it, and no more is known.
            return [(choice[0], 0.0)]
        scores = dict.fromkeys(choice, 0.0)
        sampled = [
            (path, stretch)
            for path, found in zip(decoded.files, stretches, strict=True)
            for stretch in found[:_SAMPLED]
        ]
        for path, stretch in sampled:
            spoken: dict[str, float] = dict(
                await self._host.run(_engine(), "identify", path, stretch)
            )
            for code in choice:
                scores[code] += spoken.get(code.split("-")[0], 0.0) / len(sampled)
        return sorted(scores.items(), key=lambda item: -item[1])[:5]

    # --- Hear -----------------------------------------------------------------------------------

    async def _hear(self, plan: Plan, work: Path, language: str) -> list[Utterance]:
        done = read_words(work / "words.jsonl")
        found = []
        for channel, stretches in enumerate(plan.stretches):
            for number, stretch in enumerate(stretches):
                words = done.get((channel, number))
                if words is None:
                    path = work / f"ch_{channel}.pcm"
                    words = await self._host.run(_engine(), "recognize", path, stretch, language)
                    append(work / "words.jsonl", [channel, number, [asdict(w) for w in words]])
                if words:
                    pieces = [Piece(word) for word in words]
                    label = channel if plan.apart else None
                    found.append(Utterance(words[0].start, words[-1].end, pieces, label))
        return sorted(found, key=lambda one: (one.start, one.channel or 0))

    async def _tell_apart(
        self, order: Order, plan: Plan, work: Path, heard: list[Utterance]
    ) -> list[Utterance]:
        """The same by speaker, if that is asked for and the model is here."""
        if not order.settings.get("ShowSpeakerLabels") or plan.apart:
            return heard
        words = [(one.word.start, one.word.end) for said in heard for one in said.pieces]
        most = int(order.settings["MaxSpeakerLabels"])
        try:
            speakers = await self._host.run(SPEAKERS, "speakers", work / "ch_0.pcm", words, most)
        except EngineUnavailableError as error:
            # The transcript is worth having without: it says so by what it has not.
            _log.warning("Speakers are not told apart: %s", error)
            return heard
        return by_speaker(heard, speakers)

    # --- Write ----------------------------------------------------------------------------------

    async def _write(
        self,
        order: Order,
        caller: Principal,
        plan: Plan,
        heard: Sequence[Utterance],
        model: SpeechModel,
    ) -> dict[str, Any]:
        channels = len(plan.stretches) if plan.apart else None
        whole = Transcript(heard, channels, plan.identified)
        output = order.output
        hidden = output.beside(f"redacted-{output.key.rpartition('/')[2]}")
        files: dict[str, Any] = {}
        shown = heard
        if order.redaction is not None:
            shown = await self._redact(heard, order.redaction)
            document = replace(whole, utterances=shown).document(order.name, True)
            await self._put(hidden, caller, _json(document), "application/json", model)
            files["redacted"] = asdict(hidden)
        kept = order.redaction is None or order.redaction["RedactionOutput"] != "redacted"
        if kept:
            document = whole.document(order.name, None if order.redaction is None else False)
            await self._put(output, caller, _json(document), "application/json", model)
            files["transcript"] = asdict(output)
        files["subtitles"] = []
        for form in order.subtitles:
            target = output if kept else hidden
            name = target.key.rpartition("/")[2].removesuffix(".json") + f".{form}"
            first = int((order.request["Subtitles"]).get("OutputStartIndex") or 0)
            text = getattr(subtitles, form)(subtitles.subtitles(shown), first)
            media_type = "text/vtt" if form == "vtt" else "application/x-subrip"
            await self._put(target.beside(name), caller, text.encode(), media_type, model)
            files["subtitles"].append(asdict(target.beside(name)))
        return files

    async def _redact(
        self, heard: Sequence[Utterance], wanted: dict[str, Any]
    ) -> Sequence[Utterance]:
        read = redaction.reading(heard)
        personal = await self._host.run(LANGUAGE, "personal_data", read.text, "en")
        return redaction.redacted(heard, read, personal, wanted.get("PiiEntityTypes") or ())

    async def _put(
        self, place: Location, caller: Principal, body: bytes, media_type: str, model: SpeechModel
    ) -> None:
        try:
            await self._cloud.call(
                "s3",
                "PutObject",
                {
                    "Bucket": place.bucket,
                    "Key": place.key,
                    "Body": body,
                    "ContentType": media_type,
                    # Whoever shows the text can show how far to trust it.
                    "Metadata": {"windfall-engine": model.name},
                },
                caller,
            )
        except ServiceError as error:
            raise JobFailedError(
                f"The specified S3 bucket can't be accessed: s3://{place.bucket}/{place.key}. "
                f"Make sure that you have write permission. ({error.code})"
            ) from error


def _engine() -> str:
    # A model of the user's own goes first.
    return WHISPER if os.environ.get("WINDFALL_WHISPER_DIR") else SPHINX


def _choice(order: Order, model: SpeechModel) -> list[str]:
    """The languages that may be identified: those of the order that the model hears."""
    options = order.options or ["en-US", "es-US", "fr-FR", "de-DE", "it-IT", "pt-BR"]
    known = [code for code in options if _hears(model, code)]
    if not known:
        raise JobFailedError(_unheard(model, options))
    return known


def _check_language(order: Order, model: SpeechModel) -> None:
    if order.language is not None and not _hears(model, order.language):
        raise JobFailedError(_unheard(model, [order.language]))
    if order.request.get("IdentifyLanguage"):
        _choice(order, model)


def _hears(model: SpeechModel, code: str) -> bool:
    return not model.languages or code.split("-", maxsplit=1)[0] in model.languages


def _unheard(model: SpeechModel, codes: Sequence[str]) -> str:
    return (
        f"The local engine {model.name} hears {', '.join(model.languages)} only, not "
        f"{', '.join(codes)}. Name a folder with a multilingual faster-whisper model in "
        "WINDFALL_WHISPER_DIR, or transcribe on AWS."
    )


def _check_media(order: Order, info: MediaInfo) -> None:
    wanted = order.request.get("MediaFormat")
    alike = {wanted, info.format} <= {"mp4", "m4a"}
    if wanted is not None and wanted != info.format and not alike:
        raise JobFailedError("The media format provided does not match the detected media format.")
    if info.codec is None:
        raise JobFailedError("The media file has no sound track.")
    if info.seconds is not None and info.seconds > LONGEST:
        raise JobFailedError(
            f"Invalid media length: {info.seconds:,.0f} seconds of at most {LONGEST:,.0f}."
        )
    rate = order.request.get("MediaSampleRateHertz")
    if rate is not None and int(rate) != info.rate:
        raise JobFailedError("The sample rate provided does not match the detected sample rate.")
    if order.settings.get("ChannelIdentification") and info.channels > MOST_CHANNELS:
        raise JobFailedError("Invalid number of channels: number of channels too large.")


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
