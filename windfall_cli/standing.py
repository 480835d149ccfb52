"""Endpoints that stand: paid for by the hour whether they score or not, and in no file's cost.

How long an endpoint had how many instances is told by nobody: SageMaker says since when there is
one and how many instances it has now, and an asynchronous one shrinks and grows in between. So
this is a rate, never a sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from windfall.contracts.outcome import ServiceCall
from windfall.pricing import PriceList

_UNKNOWN = "of an unknown type"


class Standing(NamedTuple):
    """An endpoint as it stands.

    Attributes:
        mode: `async`, `real_time` or `serverless`.
        since: When it was made, as ISO 8601.
        instances: How many it has now, by their type.
        dollars_an_hour: For as long as it has so many; None where a price is unknown, or where it
            is paid for by what it computes (serverless).
    """

    name: str
    mode: str
    status: str
    since: str
    instances: dict[str, int]
    dollars_an_hour: float | None

    @property
    def rate(self) -> str:
        """What it costs, in words."""
        if self.mode == "serverless":
            return "paid for by the seconds that it computes, which SageMaker does not tell"
        if not any(self.instances.values()):
            return "no instance now, and nothing to pay until something waits"
        many = ", ".join(f"{count} {name}" for name, count in self.instances.items())
        if self.dollars_an_hour is None:
            return f"{many}, of which no price is known"
        return f"{many}, ${self.dollars_an_hour:.4f} for each hour that it has so many"


def standing_endpoints(
    sagemaker: Any, prefix: str, own: str | None, prices: PriceList
) -> Iterator[Standing]:
    """The endpoints that a stack trained, and its own; those of yours it does not know.

    Args:
        sagemaker: A client.
        prefix: What the names of those that it trained begin with.
        own: The one that its parameters made; None without one.
        prices: Of the Region.

    Raises:
        ClientError: They may not be listed, or SageMaker can not answer.
    """
    pages = sagemaker.get_paginator("list_endpoints").paginate(NameContains=prefix)
    listed = {one["EndpointName"] for page in pages for one in page["Endpoints"]}
    trained = {name for name in listed if name.startswith(f"{prefix}-")}
    for name in sorted(trained | ({own} if own else set())):
        described = sagemaker.describe_endpoint(EndpointName=name)
        types = _instance_types(sagemaker, described["EndpointConfigName"])
        yield described_as_standing(described, types, prices)


def _instance_types(sagemaker: Any, config: str) -> dict[str, str]:
    """By the name of the variant; a configuration may be deleted while its endpoint stands."""
    try:
        settings = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        return {}
    return {
        one["VariantName"]: one.get("InstanceType", "") for one in settings["ProductionVariants"]
    }


def described_as_standing(
    described: dict[str, Any], types: dict[str, str], prices: PriceList
) -> Standing:
    """An endpoint by what DescribeEndpoint says of it, and what each of its variants runs on."""
    instances: dict[str, int] = {}
    is_serverless = False
    # One that is being made, or failed, has no variants yet.
    for variant in described.get("ProductionVariants", ()):
        if variant.get("CurrentServerlessConfig"):
            is_serverless = True
            continue
        name = types.get(variant["VariantName"], _UNKNOWN)
        instances[name] = instances.get(name, 0) + variant.get("CurrentInstanceCount", 0)
    mode = "async" if "AsyncInferenceConfig" in described else "real_time"
    return Standing(
        name=described["EndpointName"],
        mode="serverless" if is_serverless else mode,
        status=described["EndpointStatus"],
        since=described["CreationTime"].isoformat(timespec="seconds"),
        instances=instances,
        dollars_an_hour=None if is_serverless else prices.cost_of(_an_hour_of(instances)),
    )


def _an_hour_of(instances: dict[str, int]) -> Iterator[ServiceCall]:
    for name, count in instances.items():
        if count:
            yield ServiceCall(
                service="sagemaker", operation="CreateEndpoint", variant=name, count=1, units=count
            )
