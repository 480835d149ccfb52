"""What broke off is redriven, as an operator does it, until all has come to an end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from bench.chaos.folders import Folders
from bench.chaos.lives import Cloud
from bench.chaos.looking import look
from bench.chaos.supplies import Supplies
from tests.e2e.deployment import Deployment
from windfall import identity

_TIMES = 30
"""How often at most: whatever stops executions is about still, and a Task further each time."""
_AFTER_SECONDS = 4.0
"""An execution that is stopped leaves its functions to run to their ends. Until then nobody knows
of what they have paid for, and whoever asks for the same pays again."""
_FOLDERS = "TranslateFolder"
_MACHINES = (
    *("AnalyzeImage", "AnalyzeText", "AnalyzeAudio", "AnalyzeVideo", "ScoreTable", "TrainModel"),
    _FOLDERS,
)


def redriven(
    cloud: Cloud,
    supplies: Supplies,
    folders: Folders,
    accepted: dict[str, str],
    patience_seconds: float,
) -> dict[str, Any]:
    """Redrive executions; the figures after it, and what has not come to a good end even so."""
    deployment, redrives = supplies.deployment, 0
    figures = look(cloud, accepted, patience_seconds)
    for _ in range(_TIMES):
        broken = list(_broken_off(deployment))
        if not broken:
            break
        time.sleep(_AFTER_SECONDS)
        for execution in broken:
            deployment.client("stepfunctions").redrive_execution(executionArn=execution)
        redrives += len(broken)
        figures = look(cloud, accepted, patience_seconds)
    figures["folders_not_translated"] = folders.not_translated()
    return {"redrives": redrives, **figures}


def _broken_off(deployment: Deployment) -> Iterator[str]:
    """Executions for files and folders that did not succeed; what lies within one goes with it."""
    pages = deployment.client("stepfunctions").get_paginator("list_executions")
    for machine in _MACHINES:
        arn = deployment.output(f"{machine}MachineArn")
        for page in pages.paginate(stateMachineArn=arn):
            for one in page["executions"]:
                is_whole = machine == _FOLDERS or identity.parse_execution_name(one["name"])
                if one["status"] not in ("RUNNING", "SUCCEEDED") and is_whole:
                    yield str(one["executionArn"])
