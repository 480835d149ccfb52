"""Every service whose long jobs are waited for, by the name that `JobId.service` has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from windfall.adapters.polly_tasks import PollySpeechTasks
from windfall.adapters.transcribe import TranscribeTranscription

if TYPE_CHECKING:
    from windfall.ports.jobs import JobService


def job_services() -> Mapping[str, JobService]:
    """The services; none is called before it is asked after a job."""
    return {"polly": PollySpeechTasks(), "transcribe": TranscribeTranscription()}
