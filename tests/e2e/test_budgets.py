"""Budgets on the whole template: what does not fit is held until somebody decides."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any

import jsonschema
import pytest

from tests.e2e.deployment import Deployment, unique, until
from tests.e2e.listener import Listener
from tests.e2e.schemas import schema
from windfall.adapters.dynamodb_spending import DynamoSpending
from windfall.contracts.arrivals import FileApproved, FileDeclined
from windfall_cli.files import put_event

pytestmark = pytest.mark.timeout(900)

CHEAP: dict[str, Any] = {"text": {"features": ["sentiment"]}, "languages": {"targets": []}}
COST = Decimal("0.0006")
"""Of a text below 300 characters: its language and its sentiment."""


def profile(**budget: float) -> str:
    return json.dumps({**CHEAP, "budget": budget})


def test_a_held_file_is_analyzed_once_when_it_is_approved(
    deployment: Deployment, listener: Listener
) -> None:
    with deployment.profile(profile(per_file=0.0001)) as name:
        file = deployment.drop(f"{name}/dear.txt", unique())
        (manifest,) = deployment.wait(file)
        assert manifest.status == "held"
        assert manifest.hold is not None
        assert manifest.hold.cost == pytest.approx(float(COST))
        jsonschema.validate(deployment.manifest_document(manifest), schema("manifest"))
        held = listener.of_file(file, "FileHeld")["detail"]
        jsonschema.validate(held, schema("file_held"))

        approval = FileApproved(file_id=file.file_id, revision=held["revision"])
        put_event(deployment.stack, approval)
        put_event(deployment.stack, approval)
        listener.of_file(file, "FileAnalyzed")

    (manifest,) = deployment.wait(file)
    assert (manifest.status, manifest.hold) == ("analyzed", None)
    assert [line.status for line in manifest.history] == ["held", "analyzed"]
    assert len(deployment.executions("AnalyzeTextMachineArn", manifest.analysis_id)) == 1


def test_a_held_file_that_nobody_wants_ends_as_rejected(
    deployment: Deployment, listener: Listener
) -> None:
    with deployment.profile(profile(per_day=0.0001)) as name:
        file = deployment.drop(f"{name}/dear.txt", unique())
        (manifest,) = deployment.wait(file)
        assert manifest.status == "held"
        declined = FileDeclined(file_id=file.file_id, revision=1, reason="Too dear.")
        put_event(deployment.stack, declined)
        event = listener.of_file(file, "FileRejected")["detail"]

    (manifest,) = deployment.wait(file)
    assert manifest.status == "rejected"
    assert event["reason"] == manifest.reason
    assert (manifest.reason or "").startswith("Too dear. (It would cost about $0.0006")


def test_twenty_files_at_once_commit_no_more_than_the_days_budget(deployment: Deployment) -> None:
    budget = 5 * COST
    book = DynamoSpending(deployment.output("InsightsTableName"), deployment.client("dynamodb"))
    with deployment.profile(profile(per_day=float(budget), per_month=1)) as name:
        with ThreadPoolExecutor(20) as pool:
            files = list(
                pool.map(
                    lambda number: deployment.drop(f"{name}/{number}.txt", unique()), range(20)
                )
            )
        # Midnight may come between them.
        days = defaultdict[str, Counter[str]](Counter)
        for manifest in deployment.wait(*files):
            days[manifest.received[:10]][manifest.status.value] += 1
        for day, statuses in days.items():
            fitting = min(5, statuses.total())
            assert statuses == Counter(analyzed=fitting, held=statuses.total() - fitting)
            spent = Decimal(repr(book.total(day, name)))
            assert spent == fitting * COST
            until(partial(is_given_back, book, day, name, spent), "what was set aside")


def is_given_back(book: DynamoSpending, day: str, profile: str, spent: Decimal) -> bool:
    return book.standing(day, profile).total == spent
