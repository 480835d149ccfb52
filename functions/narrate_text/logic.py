"""Has Polly narrate one piece of a text, and leaves; its end is told by resume_job.

A task of Polly's has no token that would make two requests one. So whoever begins it claims it
first, and whoever finds it claimed looks for the task before it claims it for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from windfall.checkpoints import Checkpoints
from windfall.clock import Clock, moment_of, timestamp, utc_now
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import TransientError
from windfall.ports.jobs import JobTable, NarrationRequest, SpeechTasks, TaskTokens
from windfall.rendezvous import Rendezvous

if TYPE_CHECKING:
    from narrate_text.models import NarrateTextTask
    from windfall.contracts.base import S3Pointer
    from windfall.contracts.speech import Narration
    from windfall.ports.storage import ObjectStore

ABANDONED_AFTER = timedelta(minutes=3)
"""Longer than this function may run: whoever claimed a task before that began it, or died."""

_LEAST_WAIT = timedelta(minutes=10)
_CHARACTERS_A_SECOND = 50
_ENDINGS = {"sound": "mp3", "marks": "marks"}


@dataclass(frozen=True, slots=True)
class TextNarrator:
    """Begins narrations."""

    tasks: SpeechTasks
    table: JobTable
    tokens: TaskTokens
    store: ObjectStore
    clock: Clock = utc_now

    def begin(self, task: NarrateTextTask) -> str:
        """Start the task, or find it, and park the token; tell the token what is there already.

        Raises:
            InvalidInputError: Polly does not take the text.
            UnsupportedError: The voice can not do that.
            TransientError: Try again; the task that was begun is found.
        """
        narration = task.narration
        checkpoints = Checkpoints(self.store, task.output, f"speech.{task.language}")
        there = _narrated(narration, checkpoints)
        if there is not None:
            output = there.model_dump(mode="json")
            self.tokens.tell(task.token, Completion(result={"output": output}))
            return "narrated already"
        request = NarrationRequest(
            output=checkpoints.place(f"{narration.part}.{task.attempt}.{narration.kind}"),
            ssml=self.store.read(narration.ssml).decode(),
            kind=narration.kind,
            voice=task.speech.voice,
            engine=task.speech.engine,
            lexicons=task.speech.lexicons,
        )
        job = JobId("polly", request.output.key)
        spoken = timedelta(seconds=narration.characters / _CHARACTERS_A_SECOND)
        return Rendezvous(self.table, self.tokens, self.clock).submit(
            job,
            task.token,
            lambda: self._submit(job, task.token, request),
            expected=_LEAST_WAIT + spoken,
        )

    def _submit(self, job: JobId, token: str, request: NarrationRequest) -> str:
        now = self.clock()
        claim = f"{timestamp(now)} {token}"
        stands = self.table.claim(job, claim)
        if stands != claim:
            found = self.tasks.find(request.output)
            if found is not None:
                return found
            claimed = moment_of(stands.partition(" ")[0])
            if now - claimed < ABANDONED_AFTER:
                raise TransientError("An earlier try may be beginning this narration.")
            if self.table.claim(job, claim, instead_of=stands) != claim:
                raise TransientError("Another try begins this narration.")
        return self.tasks.start(request)


def _narrated(narration: Narration, checkpoints: Checkpoints) -> S3Pointer | None:
    """What a task of this or an earlier attempt wrote: Polly writes when all is done."""
    ending = f".{_ENDINGS[narration.kind]}"
    for name in sorted(checkpoints.saved(f"{narration.part}.")):
        if f".{narration.kind}." in name and name.endswith(ending):
            return checkpoints.place(name)
    return None
