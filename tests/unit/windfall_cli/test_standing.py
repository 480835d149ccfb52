"""Endpoints that stand are told as a rate, by what SageMaker says of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fakes.service_model import model_violations
from windfall.pricing import PriceList
from windfall_cli.standing import Standing, described_as_standing

PRICES = PriceList.of_region("us-east-1")


def standing(variant: dict[str, Any], kind: str = "ml.m5.large", **more: Any) -> Standing:
    """An endpoint of one variant."""
    arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/windfall-1a2b3c4d-bank"
    described = {
        "EndpointName": "windfall-1a2b3c4d-bank",
        "EndpointArn": arn,
        "EndpointConfigName": "windfall-1a2b3c4d-bank-1",
        "EndpointStatus": "InService",
        "CreationTime": datetime(2026, 11, 20, 8, tzinfo=UTC),
        "LastModifiedTime": datetime(2026, 11, 20, 8, 5, tzinfo=UTC),
        "ProductionVariants": [{"VariantName": "main", **variant}],
        **more,
    }
    assert model_violations("sagemaker", "DescribeEndpoint", described) == []
    return described_as_standing(described, {"main": kind} if kind else {}, PRICES)


def test_instances_cost_by_the_hour_as_many_as_there_are() -> None:
    found = standing({"CurrentInstanceCount": 3})
    assert (found.mode, found.since) == ("real_time", "2026-11-20T08:00:00+00:00")
    assert found.dollars_an_hour == pytest.approx(0.345)
    assert found.rate == "3 ml.m5.large, $0.3450 for each hour that it has so many"


def test_an_asynchronous_endpoint_without_instances_costs_nothing_now() -> None:
    answers = {"OutputConfig": {"S3OutputPath": "s3://results/answers/"}}
    found = standing({"CurrentInstanceCount": 0}, AsyncInferenceConfig=answers)
    assert (found.mode, found.dollars_an_hour) == ("async", 0)
    assert "nothing to pay" in found.rate


def test_a_price_that_is_not_known_is_not_made_up() -> None:
    found = standing({"CurrentInstanceCount": 1}, kind="ml.x9.large")
    assert found.dollars_an_hour is None
    assert found.rate == "1 ml.x9.large, of which no price is known"
    assert "unknown type" in standing({"CurrentInstanceCount": 1}, kind="").rate


def test_a_serverless_endpoint_is_paid_for_by_what_it_computes() -> None:
    serverless = {"CurrentServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
    found = standing({"CurrentInstanceCount": 0, **serverless}, kind="")
    assert (found.mode, found.dollars_an_hour, found.instances) == ("serverless", None, {})
    assert "does not tell" in found.rate
