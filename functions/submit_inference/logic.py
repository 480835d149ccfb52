"""Submits a payload to an asynchronous endpoint and leaves; its end is told by resume_job.

SageMaker knows no request by name: the same again is another request, and is paid for. So the row
of the rendezvous is what remembers. A request is named after what is sent and numbered by its
tries: one that broke in the container (5xx) is followed by another, and whoever comes back after a
crash finds the one that is under way. Only who dies in the milliseconds between SageMaker's answer
and the row leaves a request that nobody knows; it is made again, and the first of the two to end is
the one that counts; or it fails, where the profile says so (`calls.unanswered`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from windfall import identity
from windfall.adapters.sagemaker_runtime import SERVICE
from windfall.addresses import object_at
from windfall.checkpoints import Checkpoints
from windfall.contracts.jobs import JobId
from windfall.contracts.scoring import Payload
from windfall.errors import InvalidInputError, NotFoundError, TransientError
from windfall.ports.scoring import AsynchronousScoring, InferenceRequest
from windfall.tables import workroom

if TYPE_CHECKING:
    from submit_inference.models import SubmitInferenceTask
    from windfall.contracts.scoring import TableAnalysis
    from windfall.ports.jobs import JobRow, JobTable
    from windfall.ports.storage import ObjectStore
    from windfall.rendezvous import Rendezvous

TRIES = 3
"""How often a payload that breaks the container is sent, in one attempt of the analysis."""
_EXPECTED = timedelta(minutes=5)
"""When a request that nothing was heard of is asked after; asking costs next to nothing."""


@dataclass(frozen=True, slots=True)
class InferenceSubmitter:
    """Submits payloads.

    Attributes:
        bucket: The results bucket.
    """

    store: ObjectStore
    scoring: AsynchronousScoring
    table: JobTable
    rendezvous: Rendezvous
    bucket: str

    def submit(self, task: SubmitInferenceTask) -> str:
        """Submit the payload, if it is not under way or scored already, and park the token.

        Raises:
            InvalidInputError: The endpoint does not take it, or it broke the model each time.
            NotFoundError: There is no such endpoint.
            TransientError: Try again: the endpoint is being created, or busy.
            QuotaExceededError: Its queue is full; try again later.
            UnansweredError: It may be under way, nobody knows it, and it is not to be made twice.
        """
        saved = Checkpoints(self.store, workroom.work_location(task.analysis), workroom.FEATURE)
        payload = Payload.model_validate_json(saved.part(workroom.part_name(task.payload)))
        job, row = self._try_of(task.analysis, payload)
        if row.completion is not None or row.handle is not None:
            known = row.handle or ""
            return self.rendezvous.submit(job, task.token, lambda: known, _EXPECTED)
        request = self._request(job.name, task, saved)

        def submit() -> str:
            return saved.once(job.name, lambda: self.scoring.submit(request))

        return self.rendezvous.submit(job, task.token, submit, _EXPECTED)

    def _try_of(self, analysis: TableAnalysis, payload: Payload) -> tuple[JobId, JobRow]:
        """The try that counts: the one that succeeded or is under way, else a new one.

        Of earlier attempts too, unless this one is forced.
        """
        first = (analysis.attempt - 1) * TRIES + 1
        reason = None
        for number in range(first if analysis.forced else 1, first + TRIES):
            job = JobId(SERVICE, self._name(analysis, payload, number))
            row = self.table.find(job)
            is_new = number >= first
            if row.completion is None:
                if row.handle is not None or is_new:
                    return job, row
            elif row.completion.error is None:
                if is_new or self._is_there(row.completion.result["output"]):
                    return job, row
            elif is_new and row.completion.error != TransientError.__name__:
                return job, row
            else:
                reason = row.completion.reason
        raise InvalidInputError(f"The model failed {TRIES} times: {reason}")

    def _name(self, analysis: TableAnalysis, payload: Payload, number: int) -> str:
        mark = identity.stack_mark(self.bucket)
        return f"{mark}-{analysis.analysis_id[:20]}-{payload.sha256[:20]}-{number}"

    def _is_there(self, uri: str) -> bool:
        """Whether an answer from long ago was not forgotten yet."""
        try:
            self.store.open(object_at(uri)).close()
        except NotFoundError:
            return False
        return True

    def _request(
        self, name: str, task: SubmitInferenceTask, saved: Checkpoints
    ) -> InferenceRequest:
        plan = task.analysis.table
        if plan.endpoint is None:
            raise InvalidInputError("The analysis does not name an endpoint.")
        return InferenceRequest(
            name=name,
            endpoint=plan.endpoint,
            payload=saved.place(workroom.payload_name(task.payload, plan.content_type)),
            content_type=plan.content_type,
            request_seconds=plan.request_seconds,
            invocation_seconds=plan.invocation_seconds,
        )
