"""Service Quotas: it says what the services here keep to, and knows no other quota of theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from windfall.quotas import JOB_QUOTAS
from windfall_local.api import ServiceError
from windfall_local.services.rekognition.video import library
from windfall_local.services.transcribe import service as transcribe
from windfall_local.services.translate import jobs as translate
from windfall_local.stores.stores import Stores

KEPT = {
    ("rekognition", "L-A6079699"): library.CONCURRENT,
    ("transcribe", "L-6F7AB1C9"): transcribe.CONCURRENT,
    ("translate", "L-10DB0BCF"): translate.CONCURRENT,
}


@pytest.fixture
async def stores() -> AsyncIterator[Stores]:
    stores = Stores("us-east-1", "127.0.0.1:1")
    yield stores
    stores.close()


@pytest.mark.parametrize(("service", "code"), KEPT)
async def test_a_quota_is_what_the_service_keeps_to(
    stores: Stores, service: str, code: str
) -> None:
    asked = {"ServiceCode": service, "QuotaCode": code}
    quota = (await stores.call("service-quotas", "GetServiceQuota", asked))["Quota"]
    assert quota["Value"] == KEPT[service, code]
    listed = await stores.call(
        "service-quotas", "ListAWSDefaultServiceQuotas", {"ServiceCode": service}
    )
    assert listed["Quotas"] == [quota]


def test_what_the_governor_asks_for_is_there_and_is_its_default() -> None:
    for quota in JOB_QUOTAS.values():
        assert KEPT[quota.service_code, quota.quota_code] == quota.default


async def test_another_quota_there_is_not(stores: Stores) -> None:
    for service in ("transcribe", "polly"):
        asked = {"ServiceCode": service, "QuotaCode": "L-00000000"}
        with pytest.raises(ServiceError, match="NoSuchResourceException"):
            await stores.call("service-quotas", "GetServiceQuota", asked)
    vpc = {"ServiceCode": "vpc", "QuotaCode": "L-7E9ECCDB"}
    answer = await stores.call("service-quotas", "GetServiceQuota", vpc)
    assert answer["Quota"]["Value"] == 50
