"""CreateEndpointConfig and its kin."""

from __future__ import annotations

from typing import Any

from windfall_local.api import CallContext, Cloud
from windfall_local.services.sagemaker import listing
from windfall_local.services.sagemaker.constraints import check_constraints
from windfall_local.services.sagemaker.objects import read_uri
from windfall_local.services.sagemaker.records import Document, Records, moment
from windfall_local.services.sagemaker.wording import arn_of, existing, invalid, missing, refuse

Answer = dict[str, Any]

_COMPONENTS = "inference components (variants without a ModelName)"
_WITHOUT_OUTPUT = "an asynchronous endpoint without S3OutputPath"


class ConfigurationOperations:
    """Endpoint configurations."""

    _cloud: Cloud
    _models: Records
    _configs: Records

    async def create_endpoint_config(self, parameters: Answer, context: CallContext) -> Answer:
        """Keep a configuration; its models must be there."""
        check_constraints("sagemaker", "CreateEndpointConfig", parameters)
        refuse(parameters, "DataCaptureConfig", "ExplainerConfig", "ShadowProductionVariants")
        name = parameters["EndpointConfigName"]
        arn = arn_of(self._cloud.region, "endpoint-config", name)
        if name in self._configs:
            raise existing("endpoint configuration", arn)
        variants = parameters["ProductionVariants"]
        for variant in variants:
            self._check_variant(variant, is_only=len(variants) == 1)
        _check_asynchronous(parameters)
        self._configs.add(name, request=parameters, arn=arn)
        return {"EndpointConfigArn": arn}

    async def describe_endpoint_config(self, parameters: Answer, context: CallContext) -> Answer:
        """A configuration, as it was asked for."""
        config = self._config(parameters["EndpointConfigName"])
        request = {key: value for key, value in config["request"].items() if key != "Tags"}
        return {
            **request,
            "EndpointConfigArn": config["arn"],
            "CreationTime": moment(config["created"]),
        }

    async def list_endpoint_configs(self, parameters: Answer, context: CallContext) -> Answer:
        """Configurations, the latest first."""
        return listing.page(
            self._configs,
            parameters,
            "EndpointConfigs",
            lambda config: {
                "EndpointConfigName": config["name"],
                "EndpointConfigArn": config["arn"],
                "CreationTime": moment(config["created"]),
            },
        )

    async def delete_endpoint_config(self, parameters: Answer, context: CallContext) -> Answer:
        """Forget a configuration; endpoints that were made from it go on."""
        self._configs.delete(self._config(parameters["EndpointConfigName"])["name"])
        return {}

    def _config(self, name: str) -> Document:
        config = self._configs.get(name)
        if config is None:
            arn = arn_of(self._cloud.region, "endpoint-config", name)
            raise missing("endpoint configuration", arn)
        return config

    def _check_variant(self, variant: Document, *, is_only: bool) -> None:
        refuse(variant, "InstancePools", "ManagedInstanceScaling", "CoreDumpConfig")
        name = variant.get("ModelName")
        if name is None:
            refuse({"inference components (variants without a ModelName)": True}, _COMPONENTS)
        elif name not in self._models:
            raise missing("model", arn_of(self._cloud.region, "model", name))
        if not is_only and variant.get("ServerlessConfig"):
            raise invalid("A serverless endpoint has one production variant.")
        serverless = variant.get("ServerlessConfig")
        if serverless is None and not variant.get("InstanceType"):
            raise invalid(
                "Either InstanceType and InitialInstanceCount, or ServerlessConfig, is required "
                f"for variant {variant['VariantName']}."
            )
        if serverless is not None and serverless["MemorySizeInMB"] % 1024:
            raise invalid("MemorySizeInMB must be one of 1024, 2048, 3072, 4096, 5120, 6144.")


def _check_asynchronous(parameters: Answer) -> None:
    config = parameters.get("AsyncInferenceConfig")
    if config is None:
        return
    if any(variant.get("ServerlessConfig") for variant in parameters["ProductionVariants"]):
        raise invalid("Asynchronous inference is not supported for serverless endpoints.")
    output = config["OutputConfig"]
    if not output.get("S3OutputPath"):
        refuse({"an asynchronous endpoint without S3OutputPath": True}, _WITHOUT_OUTPUT)
    for name in ("S3OutputPath", "S3FailurePath"):
        if output.get(name):
            read_uri(output[name])
