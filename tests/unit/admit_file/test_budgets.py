"""Budgets: what does not fit is held, somebody decides, and no race spends more than there is."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from record_insights.models import RecordRequest
from tests.fakes.hooks import CrashAfter, CrashError, Hook, Interleaver
from tests.fakes.world import World, analysis_requested, event_of
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.bus import FileHeld, FileRejected
from windfall.contracts.manifest import Manifest
from windfall.contracts.outcome import Outcome, OutcomeStatus, ServiceCall
from windfall.ports.spending import Spent

SCHEMAS = Path(__file__).parents[3] / "docs/schemas"
DAY, MONTH = "2026-11-23", "2026-11"
PROFILE: dict[str, Any] = {"text": {"features": ["sentiment"]}, "languages": {"targets": []}}
COST = 0.0006
"""Of each text below: its language and its sentiment, three units each."""


def world(**budget: float) -> World:
    made = World()
    made.profiles.documents["default"] = json.dumps({**PROFILE, "budget": budget})
    return made


def text(number: int) -> bytes:
    return f"The letter of the year {number} is in the drawer.".encode()


def dropped(made: World, count: int = 1) -> list[str]:
    return [made.drop(f"{number}.txt", text(number)) for number in range(count)]


def held(made: World) -> list[Manifest]:
    rows = [row for row in made.index.files.values() if row.status == "held"]
    return [made.manifest(row.file_id) for row in rows]


def decision(made: World, what: str, **detail: Any) -> str:
    (manifest,) = held(made)
    revision = made.index.files[manifest.file_id].revision
    return event_of(what, {"file_id": manifest.file_id, "revision": revision, **detail})


def ended(made: World, plan: AnalysisInput, units: float = 3) -> None:
    """Let an execution end after calls that cost half a file's estimate, or more."""
    call = ServiceCall(service="comprehend", operation="DetectSentiment", count=1, units=units)
    outcome = made.outcome(plan, "sentiment").model_copy(update={"calls": [call]})
    made.insights_recorder.record(RecordRequest(analysis=plan, outcomes=[outcome]))


def test_without_a_budget_nothing_is_asked_or_set_aside() -> None:
    made = world()
    made.admit_all(*dropped(made))
    (plan,) = made.workflows.started.values()
    assert plan.reserved is None
    assert made.spending.asked == 0
    assert made.budgets.committed == {}


def test_over_the_budget_of_a_file_it_is_held_with_its_estimate() -> None:
    made = world(per_file=0.0005)
    (message,) = dropped(made)
    (done,) = made.admit_all(message)
    (manifest,) = held(made)

    assert done.startswith("held: It would cost about $0.0006")
    assert made.workflows.started == {}
    assert manifest.hold is not None
    assert (manifest.hold.budget, manifest.hold.limit) == ("per_file", 0.0005)
    assert manifest.hold.cost == manifest.hold.estimate.cost == pytest.approx(COST)
    (event,) = made.bus.events
    assert isinstance(event, FileHeld)
    assert (event.revision, event.reason) == (1, manifest.reason)
    for name, document in (("manifest", manifest), ("file_held", event)):
        schema = json.loads((SCHEMAS / f"{name}.json").read_text())
        jsonschema.validate(document.model_dump(mode="json"), schema)
    assert made.admit_all(message, redelivered=True) == ["known: held"]
    assert made.admit_all(message) == ["known: held"]
    assert len(made.bus.events) == 1


def test_what_is_approved_goes_on_as_if_it_had_been_admitted_once() -> None:
    made = world(per_file=0.0005)
    made.admit_all(*dropped(made))
    approval = decision(made, "FileApproved")
    assert made.admit_all(approval)[0].startswith("began analysis")
    assert "runs" in made.admit_all(approval)[0]
    made.finish_all()
    assert made.admit_all(approval) == ["known: analyzed"]

    manifest = made.only_manifest()
    assert (manifest.status, manifest.hold) == ("analyzed", None)
    assert [line.status for line in manifest.history] == ["held", "analyzed"]
    assert [type(event).__name__ for event in made.bus.events] == ["FileHeld", "FileAnalyzed"]
    assert len(made.workflows.started) == 1


def test_what_is_declined_ends_as_rejected_with_the_reason() -> None:
    made = world(per_file=0)
    made.admit_all(*dropped(made))
    approval = decision(made, "FileApproved")
    refusal = decision(made, "FileDeclined", reason="Too dear.")
    made.admit_all(refusal, refusal, approval)

    manifest = made.only_manifest()
    assert manifest.status == "rejected"
    assert (manifest.reason or "").startswith("Too dear. (It would cost about $0.0006")
    assert [type(event).__name__ for event in made.bus.events] == ["FileHeld", "FileRejected"]
    assert made.workflows.started == {}


def test_a_decision_about_what_is_not_held_any_more_changes_nothing() -> None:
    made = world(per_file=0)
    made.admit_all(*dropped(made))
    stale = decision(made, "FileDeclined")
    made.admit_all(decision(made, "FileApproved"))
    made.admit_all(stale, event_of("FileApproved", {"file_id": "0" * 40, "revision": 1}))
    made.finish_all()
    assert made.only_manifest().status == "analyzed"


def test_a_day_is_shared_by_its_files_and_metering_goes_before_estimates() -> None:
    made = world(per_day=3 * COST, per_month=1)
    made.admit_all(*dropped(made, 5))
    assert len(made.workflows.started) == 3
    assert {manifest.hold and manifest.hold.budget for manifest in held(made)} == {"per_day"}
    for plan in list(made.workflows.started.values()):
        ended(made, plan)  # costs half of what was set aside
    assert made.budgets.committed[DAY, "default"] == Decimal("0.0009")
    made.admit_all(made.drop("6.txt", text(6)), made.drop("7.txt", text(7)))
    assert len(made.workflows.started) == 4
    assert made.budgets.committed[MONTH, "default"] == Decimal("0.0015")


def test_what_was_spent_before_there_was_a_budget_counts() -> None:
    made = world(per_month=2 * COST)
    before = Spent("a" * 40, 1, "2026-11-02", "f" * 40, "a", "text", "default", 1.5 * COST, {})
    made.spending.record(before)
    made.admit_all(*dropped(made))
    (manifest,) = held(made)
    assert manifest.hold is not None
    assert manifest.hold.budget == "per_month"
    assert manifest.hold.committed == pytest.approx(0.0009)


def test_what_is_approved_is_counted_though_there_is_no_room() -> None:
    made = world(per_day=COST / 2)
    made.admit_all(*dropped(made))
    made.admit_all(decision(made, "FileApproved"))
    assert made.budgets.committed[DAY, "default"] == Decimal(str(COST))


def test_the_same_bytes_again_cost_nothing_and_are_not_held() -> None:
    made = world(per_day=COST)
    made.admit_all(made.drop("a.txt", text(1)), made.drop("b.txt", text(1)))
    made.finish_all()
    made.admit_all(made.drop("c.txt", text(1)))
    assert {row.status for row in made.index.files.values()} == {"analyzed"}


def test_without_prices_a_budget_can_not_be_kept() -> None:
    made = world(per_day=10)
    object.__setattr__(made.admitter.budgets, "region", "eu-nowhere-1")
    made.admit_all(*dropped(made))
    (manifest,) = held(made)
    assert "No prices are known for the Region eu-nowhere-1" in (manifest.reason or "")


def analyzed_then_asked_again() -> World:
    made = world()
    made.admit_all(*dropped(made))
    made.finish_all()
    made.profiles.documents["default"] = json.dumps({**PROFILE, "budget": {"per_file": 0}})
    made.admit_all(analysis_requested(bucket="inbox", key="0.txt", features=["entities"]))
    return made


def test_insights_stay_while_more_of_them_is_held() -> None:
    made = analyzed_then_asked_again()
    (manifest,) = held(made)
    assert [outcome.feature for outcome in manifest.outcomes] == ["sentiment"]
    made.admit_all(decision(made, "FileDeclined"))
    manifest = made.only_manifest()
    assert (manifest.status, manifest.hold, manifest.reason) == ("analyzed", None, None)
    assert isinstance(made.bus.events[-2], FileRejected)
    (row,) = made.index.files.values()
    assert row.analysis_id == manifest.analysis_id
    assert made.index.shown(row.file_id) is not None


def test_what_was_asked_for_is_what_goes_on() -> None:
    made = analyzed_then_asked_again()
    made.admit_all(decision(made, "FileApproved"))
    *_, plan = made.workflows.started.values()
    assert plan.text is not None
    assert [planned.feature for planned in plan.text.features] == ["entities"]


@pytest.mark.parametrize("what", ["held", "FileApproved", "FileDeclined"])
def test_a_crash_after_any_step_heals_on_redelivery(what: str) -> None:
    for operations in itertools.count(1):
        made = world(per_day=COST / 2)
        (message,) = dropped(made)
        if what != "held":
            made.admit_all(message)
            message = decision(made, what)
        crash = CrashAfter(operations)
        made.hook(crash)
        try:
            made.admitter.admit(message)
        except CrashError:
            assert crash.crashed_at is not None
        made.hook(Hook())
        made.admitter.admit(message, redelivered=True)
        made.finish_all()

        (row,) = made.index.files.values()
        status = {"held": "held", "FileApproved": "analyzed", "FileDeclined": "rejected"}[what]
        assert (row.status, row.announced) == (status, True), crash.crashed_at
        assert made.manifest(row.file_id).status == status
        assert len(made.workflows.started) == (what == "FileApproved")
        if crash.crashed_at is None:
            break
    assert operations > 2


@settings(max_examples=60)
@given(
    schedule=st.lists(st.integers(0, 5), max_size=90),
    fits=st.integers(0, 4),
    units=st.lists(st.integers(0, 6), min_size=2, max_size=2),
)
def test_no_order_of_admissions_and_ends_commits_more_than_there_is(
    schedule: list[int], fits: int, units: list[int]
) -> None:
    """Six files, the first two of which run and end at any moment, for what they were estimated."""
    made = world(per_day=round((fits + 2) * COST, 4), per_month=1)
    messages = dropped(made, 6)
    made.admit_all(*messages[:2])
    running = list(made.workflows.started.values())
    interleaver = Interleaver()
    made.hook(interleaver)

    def admits(message: str) -> None:
        made.admitter.admit(message)
        assert made.budgets.committed[DAY, "default"] <= Decimal(str(round((fits + 2) * COST, 4)))

    actors = [
        *(lambda message=message: admits(message) for message in messages[2:]),
        *(
            lambda plan=plan, used=used: ended(made, plan, used)
            for plan, used in zip(running, units, strict=True)
        ),
    ]
    interleaver.run(actors, schedule)
    made.hook(Hook())
    begun = len(made.workflows.started) - 2
    assert begun + len(held(made)) == 4
    assert begun >= min(fits, 4), "somebody was held though there was room"
    for plan in list(made.workflows.started.values())[2:]:
        ended(made, plan)
    spent = made.spending.total(DAY, "default")
    for period in (DAY, MONTH):
        assert made.budgets.committed[period, "default"] == Decimal(repr(round(spent, 9)))


def test_a_failed_analysis_gives_back_what_it_did_not_spend() -> None:
    made = world(per_day=COST)
    made.admit_all(*dropped(made))
    (name,) = made.workflows.started
    made.break_off(name)
    assert made.budgets.committed[DAY, "default"] == 0


def test_what_is_there_already_is_not_estimated_again() -> None:
    made = world(per_day=COST)
    made.admit_all(*dropped(made))
    ((name, plan),) = made.workflows.started.items()
    outcome = Outcome(feature="sentiment", status=OutcomeStatus.OK)
    key = f"{plan.output.prefix}outcomes/sentiment.json"
    made.store.drop(plan.output.bucket, key, outcome.model_dump_json().encode())
    made.break_off(name)
    made.admit_all(analysis_requested(bucket="inbox", key="0.txt", rerun=True))
    *_, again = made.workflows.started.values()
    assert again.attempt == 2
    assert again.reserved == pytest.approx(COST / 2)
