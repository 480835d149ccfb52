"""Machines and executions as the journal kept them, made alive again."""

from __future__ import annotations

from typing import Any

from windfall_local.workflows.documents import Document
from windfall_local.workflows.executions import Execution, Ledger, StateMachine
from windfall_local.workflows.history import History
from windfall_local.workflows.journal import Journal, StoredExecution
from windfall_local.workflows.parsing import parse_definition
from windfall_local.workflows.redrives import Redrive, unfinished_of


def restored_machine(document: dict[str, Any]) -> StateMachine:
    """A machine as it was at a revision."""
    return StateMachine(
        document["arn"],
        document["name"],
        document["definition"],
        document["role_arn"],
        document["created"],
        parse_definition(document["definition"]),
        document["updated"],
        document["revision"],
        document["settings"],
        document["tags"],
    )


def restored_execution(
    stored: StoredExecution, machine: StateMachine, journal: Journal
) -> Execution:
    """An execution of a machine: ended, or to go on."""
    document, outcome = stored.document, stored.outcome
    arn = document["arn"]
    execution = Execution(
        arn,
        document["name"],
        machine,
        Document.parse(document["input"]),
        document["started"],
        Ledger(arn, stored.records, journal),
        map_run=document.get("map_run"),
        trace=document.get("trace", ""),
        redrives=[Redrive.of(redrive) for redrive in document.get("redrives", ())],
    )
    if outcome is not None:
        _end(execution, outcome)
    elif execution.redrives:
        packed = journal.history(arn)
        execution.history = History.unpack(packed) if packed else History()
    return execution


def _end(execution: Execution, outcome: dict[str, Any]) -> None:
    execution.history = None
    execution.status = outcome["status"]
    execution.stopped = outcome["stopped"]
    execution.output = outcome["output"]
    execution.error, execution.cause = outcome["error"], outcome["cause"]
    unfinished = outcome.get("unfinished")
    if unfinished is not None:
        execution.unfinished = unfinished_of(unfinished)
    execution.event_count = outcome.get("event_count", 0)
