"""Submits a recording to Transcribe and leaves; its end is told by resume_job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from windfall import identity
from windfall.contracts.base import S3Pointer
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import InvalidInputError
from windfall.ports.jobs import Transcription, TranscriptionRequest

if TYPE_CHECKING:
    from transcribe_audio.models import AudioAnalysis, TranscribeAudioTask
    from windfall.contracts.audio import AudioPlan, MediaFacts
    from windfall.ports.storage import ObjectStore
    from windfall.rendezvous import Rendezvous

TRANSCRIPT = "transcript/transcribe.json"
_LEAST_WAIT = timedelta(minutes=10)
_MOST_CALL_SAMPLE_RATE = 16_000


@dataclass(frozen=True, slots=True)
class AudioTranscriber:
    """Begins transcriptions.

    Attributes:
        bucket: The results bucket. Its name is unlike any other stack's, so it makes the names of
            jobs this stack's own: two stacks of an account may analyze the same recording.
    """

    transcription: Transcription
    rendezvous: Rendezvous
    store: ObjectStore
    bucket: str

    def begin(self, task: TranscribeAudioTask) -> str:
        """Submit the job, if it is not there yet, and park the token.

        A transcript that is there already is told at once, whichever attempt paid for it; a job of
        an earlier attempt that runs still is waited for. One that failed is begun anew.

        Raises:
            InvalidInputError: Transcribe does not take the recording or its settings.
            UnsupportedError: It can not do that here.
            TransientError: Try again; the job that is there is found by its name.
            QuotaExceededError: Too many jobs run, though there was a slot; try again later.
        """
        request = self._request(task.analysis)
        if request.written.key in self.store.list(request.written.bucket, request.written.key):
            found = {"status": "COMPLETED", "transcript": request.written.model_dump(mode="json")}
            self.rendezvous.tokens.tell(task.token, Completion(result=found))
            return "transcribed before"
        running = self.rendezvous.running(
            JobId("transcribe", self._name(task.analysis, attempt))
            for attempt in identity.attempts_before(task.analysis.attempt)
        )
        if running is not None:
            request = request._replace(name=running.name)
        media = task.analysis.media
        length = timedelta(seconds=(media.seconds if media else None) or 0)
        return self.rendezvous.submit(
            JobId("transcribe", request.name),
            task.token,
            lambda: self.transcription.submit(request),
            expected=_LEAST_WAIT + length,
            owner=identity.execution_name(task.analysis.analysis_id, task.analysis.attempt),
        )

    def _request(self, analysis: AudioAnalysis) -> TranscriptionRequest:
        plan = analysis.audio
        if plan is None:
            raise InvalidInputError("The analysis does not say how to transcribe.")
        output = analysis.output
        return TranscriptionRequest(
            name=self._name(analysis, analysis.attempt),
            source=analysis.source,
            media_format=analysis.file.format,
            plan=plan,
            channels=_by_channel(plan, analysis.media),
            output=S3Pointer(bucket=output.bucket, key=output.prefix + TRANSCRIPT),
        )

    def _name(self, analysis: AudioAnalysis, attempt: int) -> str:
        return f"{self.bucket}-{identity.execution_name(analysis.analysis_id, attempt)}"


def _by_channel(plan: AudioPlan, media: MediaFacts | None) -> bool:
    """Whether each channel is transcribed by itself.

    Of its own accord only for what is recorded as calls are, one party a channel. Music and
    videos have two channels too, and every word would stand in the transcript twice.
    """
    if media is None or media.channels != 2:
        return False
    if plan.channels is None:
        return media.sample_rate is not None and media.sample_rate <= _MOST_CALL_SAMPLE_RATE
    return plan.channels
