"""Slots, and how many there are, through real boto3, as the fake keeps them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from botocore.stub import Stubber

from tests.fakes.leases import FakeLeaseTable
from windfall.adapters.clients import ai_client, store_client
from windfall.adapters.dynamodb_leases import DynamoLeaseTable
from windfall.adapters.service_quotas import ServiceQuotas
from windfall.adapters.transcribe import TranscribeTranscription
from windfall.errors import InvalidInputError
from windfall.ports.leases import LeaseTable, Waiter
from windfall.quotas import JOB_QUOTAS

DUE, LATER = "2026-11-23T15:00:00.000Z", "2026-11-23T16:00:00.000Z"
EARLY = Waiter("early", "x", "2026-11-23T14:00:00.000Z", frozenset({"one"}))
LATE = Waiter("late", "y", "2026-11-23T14:00:00.001Z", frozenset({"two"}))


@pytest.fixture(params=["fake", "dynamodb"])
def leases(request: pytest.FixtureRequest) -> LeaseTable:
    if request.param == "fake":
        return FakeLeaseTable()
    return DynamoLeaseTable("insights", request.getfixturevalue("table"))


def test_a_slot_has_one_holder(leases: LeaseTable) -> None:
    lease = leases.take("transcribe", 1, EARLY, DUE)
    assert lease is not None
    assert leases.take("transcribe", 1, LATE, DUE) is None
    assert leases.look("transcribe").leases == (lease,)
    assert leases.look("rekognition").leases == ()
    assert leases.free("transcribe", lease, unchanged=False)
    assert leases.look("transcribe").leases == ()


def test_who_waits_is_listed_in_order_and_tokens_add_up(leases: LeaseTable) -> None:
    leases.enqueue("transcribe", LATE)
    leases.enqueue("transcribe", EARLY)
    leases.enqueue("transcribe", EARLY._replace(tokens=frozenset({"again"})))
    both = EARLY._replace(tokens=frozenset({"one", "again"}))
    assert leases.look("transcribe").waiters == (both, LATE)


def test_a_grant_moves_a_waiter_into_the_slot(leases: LeaseTable) -> None:
    leases.enqueue("transcribe", EARLY)
    leases.enqueue("transcribe", LATE)
    lease = leases.grant("transcribe", 0, EARLY, DUE)
    assert lease is not None
    assert not lease.used
    assert lease.tokens == frozenset({"one"})
    room = leases.look("transcribe")
    assert (room.leases, room.waiters) == ((lease,), (LATE,))


def test_a_grant_of_what_changed_grants_nothing(leases: LeaseTable) -> None:
    leases.enqueue("transcribe", EARLY)
    leases.enqueue("transcribe", EARLY._replace(tokens=frozenset({"again"})))
    assert leases.grant("transcribe", 0, EARLY, DUE) is None, "it has more tokens by now"
    assert leases.grant("transcribe", 0, LATE, DUE) is None, "it does not wait"
    leases.take("transcribe", 0, LATE, DUE)
    (waiter,) = leases.look("transcribe").waiters
    assert leases.grant("transcribe", 0, waiter, DUE) is None, "the slot is held"
    assert leases.look("transcribe").waiters == (waiter,)


def test_a_lease_is_renewed_and_given_back_only_as_it_was_seen(leases: LeaseTable) -> None:
    seen = leases.take("transcribe", 0, EARLY, DUE)
    assert seen is not None
    renewed = leases.renew("transcribe", seen, LATER, used=True)
    assert renewed == seen._replace(due=LATER, tokens=frozenset())
    assert leases.look("transcribe").leases == (renewed,)
    assert leases.renew("transcribe", seen, LATER, used=True) is None
    assert not leases.free("transcribe", seen, unchanged=True)
    assert leases.free("transcribe", seen, unchanged=False), "it is the same lease all the same"
    assert not leases.free("transcribe", renewed, unchanged=False)


def test_another_lease_of_the_same_slot_and_holder_is_another(leases: LeaseTable) -> None:
    first = leases.take("transcribe", 0, EARLY, DUE)
    assert first is not None
    leases.free("transcribe", first, unchanged=False)
    leases.take("transcribe", 0, EARLY, DUE)
    assert not leases.free("transcribe", first, unchanged=False)


def test_the_limit_is_the_published_one_until_it_is_known(table: Any) -> None:
    leases = DynamoLeaseTable("insights", table)
    assert leases.look("transcribe").limit == 250
    leases.set_limit("transcribe", 3)
    leases.take("transcribe", 1, EARLY, DUE)
    assert (leases.look("transcribe").limit, leases.look("transcribe").free) == (3, (0, 2))


def test_more_slots_than_one_page_holds_are_all_seen(table: Any) -> None:
    leases = DynamoLeaseTable("insights", table)
    leases.set_limit("transcribe", 400)
    long = Waiter("j" * 3_000, "x", "")
    for slot in range(400):
        leases.take("transcribe", slot, long, DUE)
    assert leases.look("transcribe").free == ()


def test_the_operator_goes_before_the_quota_and_the_quota_before_the_default() -> None:
    path = f"/{uuid4().hex}/limits/"
    name = f"{path}transcribe"
    quotas, quota = ServiceQuotas(path), JOB_QUOTAS["transcribe"]
    asked = {"ServiceCode": "transcribe", "QuotaCode": quota.quota_code}
    with Stubber(store_client("service-quotas")) as stub:
        stub.add_client_error("get_service_quota", "NoSuchResourceException", "", 400, {}, asked)
        assert quotas.limit("transcribe", quota) == 250
        stub.add_response("get_service_quota", {"Quota": {"Value": 100.0}}, asked)
        assert quotas.limit("transcribe", quota) == 100
        ssm = store_client("ssm")
        ssm.put_parameter(Name=name, Value=" 7 ", Type="String")
        assert quotas.limit("transcribe", quota) == 7
        ssm.put_parameter(Name=name, Value="many", Type="String", Overwrite=True)
        with pytest.raises(InvalidInputError, match=name):
            quotas.limit("transcribe", quota)


def test_running_jobs_are_listed_page_by_page() -> None:
    def page(*names: str, **more: str) -> dict[str, Any]:
        listed = [{"TranscriptionJobName": name} for name in names]
        return {"TranscriptionJobSummaries": listed, **more}

    def asked(status: str, **more: str) -> dict[str, Any]:
        return {"Status": status, "JobNameContains": "results-", "MaxResults": 100, **more}

    with Stubber(ai_client("transcribe")) as stub:
        stub.add_response("list_transcription_jobs", page("results-1"), asked("QUEUED"))
        first = page("results-2", "other-results-3", NextToken="more")
        stub.add_response("list_transcription_jobs", first, asked("IN_PROGRESS"))
        second = asked("IN_PROGRESS", NextToken="more")
        stub.add_response("list_transcription_jobs", page("results-4"), second)
        running = TranscribeTranscription().running("results-")
    assert set(running) == {"results-1", "results-2", "results-4"}
