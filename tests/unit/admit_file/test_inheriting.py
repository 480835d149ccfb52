"""What a new attempt takes over from earlier ones, and what it pays for itself."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest

from record_insights.models import RecordRequest
from tests.fakes.hooks import CrashAfter, CrashError, Hook, Interleaver
from tests.fakes.world import INBOX, RESULTS, World, analysis_requested
from windfall.checkpoints import Checkpoints
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.base import S3Pointer
from windfall.contracts.outcome import Outcome, OutcomeStatus, ServiceCall
from windfall.planning.recipes import recipes_of

TEXT = b"Windfall reads this letter."
CALL = ServiceCall(service="comprehend", operation="Detect", count=1, units=3)


class Analysts(World):
    """Machines that do as the functions do: what is finished is not found again."""

    def __init__(self) -> None:
        super().__init__()
        self.paid: list[str] = []
        self._seconds = 0

    def carry_out(self, *failing: str) -> AnalysisInput:
        """Let the latest execution find every feature of its plan, and record it."""
        (*_, plan) = self.workflows.started.values()
        outcomes = [
            self._found(plan, recipe.feature, recipe.files, failing) for recipe in recipes_of(plan)
        ]
        self.insights_recorder.record(RecordRequest(analysis=plan, outcomes=outcomes))
        return plan

    def _found(
        self, plan: AnalysisInput, feature: str, files: Sequence[str], failing: Sequence[str]
    ) -> Outcome:
        checkpoints = Checkpoints(self.store, plan.output, feature)
        finished = checkpoints.finished()
        if finished is not None:
            return finished
        if feature in failing:
            checkpoints.save("000000.0-9.json", b"[]")
            return Outcome(feature=feature, status=OutcomeStatus.FAILED, reason="It broke.")
        self.paid.append(feature)
        self._seconds += 1
        names = [f"{name}part" if name.endswith("/") else name for name in files]
        for name in names:
            self.store.drop(RESULTS, plan.output.prefix + name, b"{}")
        outcome = Outcome(
            feature=feature,
            status=OutcomeStatus.OK,
            result=S3Pointer(bucket=RESULTS, key=plan.output.prefix + names[0]),
            calls=[CALL],
            started=f"2026-11-23T14:00:{self._seconds:02}Z",
            ended=f"2026-11-23T14:00:{self._seconds:02}Z",
        )
        checkpoints.finish(outcome)
        return outcome


def ask(world: World, event: int = 1, **asked: Any) -> str:
    request = analysis_requested(f"ask-{event}", bucket=INBOX, key="a.txt", **asked)
    (done,) = world.admit_all(request)
    return done


def analyzed(*features: str, failing: Sequence[str] = ()) -> Analysts:
    world = Analysts()
    metadata = {"windfall-features": ",".join(features), "windfall-targets": ""}
    world.admit_all(world.drop("a.txt", TEXT, metadata))
    world.carry_out(*failing)
    return world


def test_settings_that_add_a_feature_pay_for_that_feature() -> None:
    world = analyzed("sentiment")
    ask(world, features=["sentiment", "pii"])
    plan = world.carry_out()

    assert world.paid == ["language", "sentiment", "pii"]
    assert plan.reused == ["language", "sentiment"]
    manifest = world.only_manifest()
    results = [outcome.result for outcome in manifest.outcomes if outcome.result is not None]
    assert {one.key.rpartition("/")[0] + "/" for one in results} == {plan.output.prefix}
    assert {file.name for file in manifest.files} >= {"text.txt", "sentiment.json", "pii.json"}
    first, second = manifest.history
    assert (first.ok, first.reused, first.why) == (2, 0, "dropped")
    assert (second.ok, second.reused, second.why) == (3, 2, "settings_changed")
    spent = [sorted(entry.features) for entry in world.spending.entries.values()]
    assert spent == [["language", "sentiment"], ["pii"]]


def test_a_copy_under_other_settings_takes_over_what_it_can() -> None:
    world = analyzed("sentiment")
    world.profiles.documents["more"] = '{"text": {"features": ["sentiment", "syntax"]}}'
    world.admit_all(world.drop("more/b.txt", TEXT, {"windfall-targets": ""}))
    plan = world.carry_out()

    assert world.paid == ["language", "sentiment", "syntax"]
    assert plan.output.prefix == f"results/{plan.file.file_id}/{plan.analysis_id[:12]}/"


def asking_once() -> Analysts:
    """A profile lets calls that nobody heard of fail; personal data was asked for, and failed."""
    world = Analysts()
    world.profiles.documents["default"] = '{"calls": {"unanswered": "fail"}}'
    world.admit_all(world.drop("a.txt", TEXT, {"windfall-targets": ""}))
    plan = world.carry_out("pii")
    Checkpoints(world.store, plan.output, "pii").once("answer", lambda: {"Entities": []})
    return world


def test_each_attempt_claims_its_own_calls_as_the_profile_says_by_then() -> None:
    world = asking_once()
    ask(world, rerun=True)
    world.carry_out("pii")
    del world.profiles.documents["default"]
    ask(world, event=2, rerun=True)
    world.carry_out()

    plans = list(world.workflows.started.values())
    assert [plan.output.claimed_by for plan in plans] == [1, 2, None]
    assert len({(plan.analysis_id, plan.output.prefix) for plan in plans}) == 1
    assert "claimed_by" not in plans[-1].model_dump_json()
    assert not any("claims" in file.name for file in world.only_manifest().files)


def test_what_becomes_of_unanswered_calls_keeps_no_result_from_being_shared() -> None:
    world = asking_once()
    world.profiles.documents["more"] = '{"text": {"features": ["sentiment", "pii", "syntax"]}}'
    world.admit_all(world.drop("more/b.txt", TEXT, {"windfall-targets": ""}))
    plan = world.carry_out("pii")

    assert set(plan.reused) == {"language", "sentiment"}
    copied = list(world.store.list(RESULTS, plan.output.prefix))
    assert any("/parts/pii/" in key for key in copied)
    assert not any("/claims/" in key for key in copied)


def test_two_settings_for_the_same_bytes_at_once_are_two_analyses_however_they_meet() -> None:
    for schedule in itertools.product((0, 1), repeat=8):
        world = Analysts()
        world.profiles.documents["more"] = '{"text": {"features": ["sentiment", "syntax"]}}'
        messages = [world.drop(key, TEXT) for key in ("a.txt", "more/b.txt")]
        interleaver = Interleaver()
        world.hook(interleaver)
        actors = [functools.partial(world.admitter.admit, message) for message in messages]
        interleaver.run(actors, schedule)
        world.hook(Hook())
        world.finish_all()

        assert len(world.workflows.started) == 2
        assert {row.status for row in world.index.files.values()} == {"analyzed"}
        (known,) = world.index.contents.values()
        assert known == set(world.index.analyses)


def test_a_text_that_is_its_own_translation_is_taken_over_as_such() -> None:
    world = Analysts()
    metadata = {"windfall-features": "sentiment", "windfall-targets": "en"}
    world.admit_all(world.drop("a.txt", TEXT, metadata))
    plan = world.carry_out()
    text = S3Pointer(bucket=RESULTS, key=f"{plan.output.prefix}text.txt")
    (outcome,) = (one for one in world.only_manifest().outcomes if "translation" in one.feature)
    unchanged = outcome.model_copy(update={"result": text})
    Checkpoints(world.store, plan.output, "translation.en").finish(unchanged)
    ask(world, features=["sentiment", "pii"], targets=["en"])
    again = world.carry_out()

    assert "translation.en" in again.reused
    (outcome,) = (one for one in world.only_manifest().outcomes if "translation" in one.feature)
    assert outcome.result is not None
    assert outcome.result.key == f"{again.output.prefix}text.txt"


def test_results_that_are_gone_are_not_taken_over() -> None:
    world = analyzed("sentiment", "pii")
    (first,) = world.workflows.started.values()
    world.store.delete(RESULTS, f"{first.output.prefix}sentiment.json")
    ask(world, features=["sentiment"], targets=[])
    world.carry_out()

    assert world.paid == ["language", "sentiment", "pii", "sentiment"]


def test_results_that_are_gone_are_repaired_by_a_rerun_and_the_others_kept() -> None:
    world = analyzed("sentiment", "pii")
    (first,) = world.workflows.started.values()
    world.store.delete(RESULTS, f"{first.output.prefix}sentiment.json")
    ask(world, rerun=True)
    again = world.carry_out()

    assert (again.analysis_id, again.attempt) == (first.analysis_id, 2)
    assert again.reused == ["language", "pii"]
    assert world.paid[3:] == ["sentiment"]


def test_what_is_made_from_another_text_is_not_taken_over() -> None:
    world = analyzed("sentiment", "pii")
    (first,) = world.workflows.started.values()
    for name in ("outcomes/language.json", "language.json"):
        world.store.delete(RESULTS, first.output.prefix + name)
    ask(world, features=["sentiment"], targets=[])
    world.carry_out()

    assert world.paid[3:] == ["language", "sentiment"]


def test_what_was_made_from_two_texts_is_not_put_together() -> None:
    world = analyzed("sentiment")
    ask(world, 1, force=True, features=["pii"], targets=[])
    world.carry_out()
    assert world.paid == ["language", "sentiment", "language", "pii"]
    ask(world, 2, features=["sentiment", "pii"], targets=[])
    plan = world.carry_out()

    # Of the two texts one is taken, and what was made from it; the other feature is found again.
    assert len(plan.reused) == 2
    assert world.paid[4:] == sorted({"sentiment", "pii"} - set(plan.reused))


def test_the_parts_of_a_feature_that_failed_come_along() -> None:
    world = analyzed("sentiment", "pii", failing=["pii"])
    ask(world, features=["pii"], targets=[])
    (*_, plan) = world.workflows.started.values()

    part = f"{plan.output.prefix}parts/pii/000000.0-9.json"
    assert list(world.store.list(RESULTS, part)) == [part]
    assert plan.reused == ["language"]


def test_a_rerun_pays_for_what_failed_alone() -> None:
    world = analyzed("sentiment", "pii", failing=["pii"])
    assert world.only_manifest().status == "partial"
    ask(world, rerun=True)
    plan = world.carry_out()

    assert world.paid == ["language", "sentiment", "pii"]
    assert (plan.attempt, plan.reused) == (2, ["language", "sentiment"])
    assert world.only_manifest().status == "analyzed"


def test_a_rerun_of_a_whole_file_starts_nothing() -> None:
    world = analyzed("sentiment")
    assert ask(world, rerun=True).startswith("reused")

    assert len(world.workflows.started) == 1
    line = world.only_manifest().history[-1]
    assert (line.why, line.ok, line.reused) == ("rerun", 2, 2)


def test_force_pays_for_everything_in_a_folder_of_its_own() -> None:
    world = analyzed("sentiment")
    ask(world, force=True)
    first, second = world.workflows.started.values()
    world.carry_out()

    assert world.paid == ["language", "sentiment"] * 2
    assert (second.analysis_id, second.attempt, second.reused) == (first.analysis_id, 2, [])
    assert second.output.prefix == f"{first.output.prefix}{first.analysis_id[:12]}.2/"
    assert world.only_manifest().history[-1].why == "forced"
    assert [file.name for file in world.only_manifest().files] == [
        "language.json", "sentiment.json", "text.txt",
    ]  # fmt: skip

    ask(world, 2, rerun=True)
    assert world.only_manifest().analysis_id == second.analysis_id
    results = [outcome.result for outcome in world.only_manifest().outcomes]
    assert all(one is not None and one.key.startswith(second.output.prefix) for one in results)
    assert len(world.paid) == 4


def test_force_under_other_settings_takes_nothing_over() -> None:
    world = analyzed("sentiment")
    ask(world, force=True, features=["sentiment"], targets=["es"])
    plan = world.carry_out()

    assert plan.reused == []
    assert world.paid.count("sentiment") == 2


def test_the_same_rerun_asked_twice_is_one() -> None:
    world = analyzed("pii", failing=["pii"])
    (row,) = world.index.files.values()
    ask(world, 1, rerun=True, revision=row.revision)
    world.carry_out("pii")
    done = ask(world, 2, rerun=True, revision=row.revision)

    assert done == "known: partial"
    assert len(world.workflows.started) == 2


def test_who_asks_again_is_served_by_the_profile_of_then() -> None:
    world = analyzed("sentiment")
    ask(world, revision=1)
    world.admit_all(world.drop("b.txt", TEXT))

    assert world.profiles.forgotten == [9.0]


def test_force_asked_for_while_an_analysis_runs_begins_no_other_one() -> None:
    world = Analysts()
    world.admit_all(world.drop("a.txt", TEXT))
    ask(world, force=True)

    assert len(world.workflows.started) == 1


@pytest.mark.parametrize(
    ("asked", "paid"),
    [
        ({"features": ["sentiment", "pii", "syntax"]}, ["pii", "syntax"]),
        ({"rerun": True}, ["pii"]),
        ({"force": True}, ["language", "pii", "sentiment"]),
    ],
)
def test_a_crash_after_any_step_of_asking_again_heals_and_pays_once(
    asked: dict[str, Any], paid: list[str]
) -> None:
    for operations in itertools.count(1):
        world = analyzed("sentiment", "pii", failing=["pii"])
        crash = CrashAfter(operations)
        world.hook(crash)
        try:
            ask(world, **asked)
        except CrashError:
            assert crash.crashed_at is not None
        world.hook(Hook())
        ask(world, **asked)
        world.carry_out()

        assert world.only_manifest().status == "analyzed", crash.crashed_at
        assert sorted(world.paid[2:]) == paid, crash.crashed_at
        assert len(world.workflows.started) == 2
        if crash.crashed_at is None:
            break
    assert operations > 2


@pytest.mark.parametrize("document", ["{}", '{"features": "of another version"}'])
def test_an_analysis_of_another_version_of_this_code_is_passed_over(document: str) -> None:
    world = analyzed("sentiment")
    ((known, row),) = world.index.analyses.items()
    world.index.analyses[known] = row._replace(document=document)
    ask(world, features=["sentiment", "pii"])
    world.carry_out()

    assert world.paid == ["language", "sentiment", "language", "sentiment", "pii"]


def test_an_outcome_that_is_no_outcome_is_found_again() -> None:
    world = analyzed("sentiment")
    (first,) = world.workflows.started.values()
    broken = f"{first.output.prefix}outcomes/sentiment.json"
    world.store.drop(RESULTS, broken, json.dumps({"feature": 7}).encode())
    ask(world, features=["sentiment", "pii"])
    world.carry_out()

    assert world.paid[2:] == ["sentiment", "pii"]
