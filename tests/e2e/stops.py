"""Stopping executions before they end by themselves, on a machine of any speed."""

from __future__ import annotations

from tests.e2e.deployment import Deployment, Dropped, until

CAUSE = "a test of what follows"


def stop(deployment: Deployment, execution: str, cause: str = CAUSE) -> bool:
    """Stop an execution; whether it had not ended before."""
    states = deployment.client("stepfunctions")
    states.stop_execution(executionArn=execution, cause=cause)

    def ended() -> str | None:
        status = str(states.describe_execution(executionArn=execution)["status"])
        return None if status == "RUNNING" else status

    return until(ended, "the end of an execution that was stopped") == "ABORTED"


def stop_while_heard(deployment: Deployment, file: Dropped) -> bool:
    """Stop the analysis of a recording when its transcription has begun; whether in time."""
    transcribe = deployment.client("transcribe")

    def begun() -> str | None:
        row = deployment.reader.files([file.file_id]).get(file.file_id)
        if row is None or row.analysis_id is None:
            return None
        jobs = transcribe.list_transcription_jobs(JobNameContains=row.analysis_id)
        return row.analysis_id if jobs["TranscriptionJobSummaries"] else None

    analysis = until(begun, f"the transcription of {file.key}")
    (execution,) = deployment.executions("AnalyzeAudioMachineArn", analysis)
    return stop(deployment, execution)
