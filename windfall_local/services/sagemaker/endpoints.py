"""CreateEndpoint and its kin."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
from typing import Any

from windfall_local.api import CallContext, Cloud, ServiceError
from windfall_local.services.sagemaker import listing
from windfall_local.services.sagemaker.asynchronous import AsynchronousQueues
from windfall_local.services.sagemaker.configurations import ConfigurationOperations
from windfall_local.services.sagemaker.constraints import check_constraints
from windfall_local.services.sagemaker.hosting import DeploymentError, Hosting
from windfall_local.services.sagemaker.records import Document, Records, moment
from windfall_local.services.sagemaker.tags import tags_of
from windfall_local.services.sagemaker.wording import arn_of, existing, invalid, missing

Answer = dict[str, Any]

_EVENT = "SageMaker Endpoint State Change"
_IN_PROGRESS = ("Creating", "Updating", "Deleting")
_log = logging.getLogger(__name__)


class EndpointOperations(ConfigurationOperations):
    """Endpoints."""

    _cloud: Cloud
    _endpoints: Records
    _hosting: Hosting
    _queues: AsynchronousQueues
    _deploying: dict[str, asyncio.Task[None]]

    async def create_endpoint(self, parameters: Answer, context: CallContext) -> Answer:
        """Begin to serve; the answer comes before that is done."""
        check_constraints("sagemaker", "CreateEndpoint", parameters)
        name = parameters["EndpointName"]
        arn = arn_of(self._cloud.region, "endpoint", name)
        if name in self._endpoints:
            raise existing("endpoint", arn)
        config = self._config(parameters["EndpointConfigName"])
        endpoint = self._endpoints.add(
            name,
            arn=arn,
            status="Creating",
            request=parameters,
            wanted=self._wanted(config),
            serving=None,
        )
        await self._announce(endpoint)
        self._deploy(endpoint)
        return {"EndpointArn": arn}

    async def update_endpoint(self, parameters: Answer, context: CallContext) -> Answer:
        """Serve by another configuration; what serves now does so until that is ready."""
        check_constraints("sagemaker", "UpdateEndpoint", parameters)
        endpoint = self._endpoint(parameters["EndpointName"])
        config = self._config(parameters["EndpointConfigName"])
        self._expect_rest(endpoint, "update")
        self._endpoints.change(
            endpoint, status="Updating", wanted=self._wanted(config), reason=None
        )
        await self._announce(endpoint)
        self._deploy(endpoint)
        return {"EndpointArn": endpoint["arn"]}

    async def update_endpoint_weights_and_capacities(
        self, parameters: Answer, context: CallContext
    ) -> Answer:
        """Change weights and counts of instances at once."""
        check_constraints("sagemaker", "UpdateEndpointWeightsAndCapacities", parameters)
        endpoint = self._endpoint(parameters["EndpointName"])
        self._expect_rest(endpoint, "update")
        served = endpoint["serving"]
        by_name = {one["variant"]["VariantName"]: one["variant"] for one in served["variants"]}
        for wanted in parameters["DesiredWeightsAndCapacities"]:
            variant = by_name.get(wanted["VariantName"])
            if variant is None:
                raise invalid(f"Could not find variant {wanted['VariantName']}.")
            if "DesiredWeight" in wanted:
                variant["InitialVariantWeight"] = wanted["DesiredWeight"]
            if "DesiredInstanceCount" in wanted:
                variant["InitialInstanceCount"] = wanted["DesiredInstanceCount"]
        self._endpoints.change(endpoint)
        await self._hosting.withdraw(endpoint["name"])
        return {"EndpointArn": endpoint["arn"]}

    async def describe_endpoint(self, parameters: Answer, context: CallContext) -> Answer:
        """Where an endpoint stands."""
        endpoint = self._endpoint(parameters["EndpointName"])
        shown = endpoint["serving"] or endpoint["wanted"]
        answer: Answer = {
            "EndpointName": endpoint["name"],
            "EndpointArn": endpoint["arn"],
            "EndpointConfigName": shown["config"],
            "EndpointStatus": endpoint["status"],
            "CreationTime": moment(endpoint["created"]),
            "LastModifiedTime": moment(endpoint["modified"]),
        }
        if endpoint["serving"]:
            answer["ProductionVariants"] = [_shown(one) for one in shown["variants"]]
        if shown.get("asynchronous"):
            answer["AsyncInferenceConfig"] = shown["asynchronous"]
        if endpoint.get("reason"):
            answer["FailureReason"] = endpoint["reason"][:1024]
        return answer

    async def list_endpoints(self, parameters: Answer, context: CallContext) -> Answer:
        """Endpoints, the latest first."""
        return listing.page(
            self._endpoints,
            parameters,
            "Endpoints",
            lambda endpoint: {
                "EndpointName": endpoint["name"],
                "EndpointArn": endpoint["arn"],
                "CreationTime": moment(endpoint["created"]),
                "LastModifiedTime": moment(endpoint["modified"]),
                "EndpointStatus": endpoint["status"],
            },
        )

    async def delete_endpoint(self, parameters: Answer, context: CallContext) -> Answer:
        """End an endpoint; requests that wait in its queue are lost, as on AWS."""
        endpoint = self._endpoint(parameters["EndpointName"])
        self._expect_rest(endpoint, "delete")
        self._endpoints.change(endpoint, status="Deleting")
        await self._announce(endpoint)
        await self._queues.close(endpoint["name"])
        await self._hosting.withdraw(endpoint["name"])
        self._endpoints.delete(endpoint["name"])
        return {}

    # --- What they are made of ------------------------------------------------------------------

    def _endpoint(self, name: str) -> Document:
        endpoint = self._endpoints.get(name)
        if endpoint is None:
            raise missing("endpoint", arn_of(self._cloud.region, "endpoint", name))
        return endpoint

    def _expect_rest(self, endpoint: Document, verb: str) -> None:
        if endpoint["status"] in _IN_PROGRESS:
            raise invalid(f'Cannot {verb} in-progress endpoint "{endpoint["arn"]}".')
        if verb == "update" and endpoint["status"] == "Failed":
            raise invalid(f'Cannot update failed endpoint "{endpoint["arn"]}": delete it.')

    def _wanted(self, config: Document) -> Document:
        request = config["request"]
        variants = []
        for variant in request["ProductionVariants"]:
            model = self._models.get(variant["ModelName"])
            if model is None:
                arn = arn_of(self._cloud.region, "model", variant["ModelName"])
                raise missing("model", arn)
            variants.append({"variant": dict(variant), "model": model})
        return {
            "config": config["name"],
            # What serves now keeps its files until the next one serves.
            "folder": secrets.token_hex(8),
            "variants": variants,
            "asynchronous": request.get("AsyncInferenceConfig"),
        }

    def _deploy(self, endpoint: Document) -> None:
        name = endpoint["name"]
        task = asyncio.create_task(self._deploy_to_its_end(endpoint), name=f"deploy {name}")
        self._deploying[name] = task
        task.add_done_callback(lambda _: self._deploying.pop(name, None))

    async def _deploy_to_its_end(self, endpoint: Document) -> None:
        wanted, name = endpoint["wanted"], endpoint["name"]
        folder = self._endpoints.folder(name) / wanted["folder"]
        reason = None
        try:
            await self._hosting.deploy(name, wanted["variants"], folder)
        except (DeploymentError, ServiceError) as error:
            reason = str(error)
        except Exception as error:
            # A bug of ours fails this endpoint, and says so; the others go on.
            _log.exception("The endpoint %s failed", name)
            reason = f"Internal failure: {type(error).__name__}: {error}"
        before = endpoint["serving"]
        gone = wanted if reason else before
        if reason is None:
            self._endpoints.change(endpoint, status="InService", serving=wanted, reason=None)
        elif before is not None:
            # The update is rolled back: what served before serves on.
            self._endpoints.change(endpoint, status="InService", reason=reason)
        else:
            self._endpoints.change(endpoint, status="Failed", reason=reason)
        if gone is not None:
            shutil.rmtree(self._endpoints.folder(name) / gone["folder"], ignore_errors=True)
        await self._announce(endpoint)
        self._queues.wake(name)

    async def _announce(self, endpoint: Document) -> None:
        detail = {
            "EndpointName": endpoint["name"],
            "EndpointArn": endpoint["arn"],
            "EndpointConfigName": endpoint["wanted"]["config"],
            "EndpointStatus": _EVENT_STATUS[endpoint["status"]],
            "CreationTime": int(moment(endpoint["created"]).timestamp() * 1000),
            "LastModifiedTime": int(moment(endpoint["modified"]).timestamp() * 1000),
            "Tags": {tag["Key"]: tag["Value"] for tag in tags_of(endpoint)},
        }
        if endpoint.get("reason"):
            detail["FailureReason"] = endpoint["reason"]
        await self._cloud.emit("aws.sagemaker", _EVENT, detail, [endpoint["arn"]])


_EVENT_STATUS = {
    "Creating": "CREATING",
    "Updating": "UPDATING",
    "InService": "IN_SERVICE",
    "Failed": "FAILED",
    "Deleting": "DELETING",
}
"""Events write an endpoint's status unlike the API."""


def _shown(one: Document) -> Answer:
    variant = one["variant"]
    weight = variant.get("InitialVariantWeight")
    shown: Answer = {
        "VariantName": variant["VariantName"],
        "DeployedImages": [
            {
                "SpecifiedImage": one["model"]["container"]["Image"],
                "ResolvedImage": one["model"]["container"]["Image"],
            }
        ],
        "CurrentWeight": 1.0 if weight is None else weight,
        "DesiredWeight": 1.0 if weight is None else weight,
    }
    if variant.get("ServerlessConfig"):
        shown["CurrentServerlessConfig"] = variant["ServerlessConfig"]
    count = 0 if variant.get("ServerlessConfig") else variant.get("InitialInstanceCount", 1)
    return {**shown, "CurrentInstanceCount": count, "DesiredInstanceCount": count}
