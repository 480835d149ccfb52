"""CreateModel and its kin."""

from __future__ import annotations

from typing import Any

from windfall_local.api import CallContext, Cloud
from windfall_local.services.sagemaker import listing
from windfall_local.services.sagemaker.constraints import check_constraints
from windfall_local.services.sagemaker.containers import check_role
from windfall_local.services.sagemaker.images import read_image
from windfall_local.services.sagemaker.objects import read_uri
from windfall_local.services.sagemaker.records import Document, Records, moment
from windfall_local.services.sagemaker.wording import arn_of, existing, invalid, missing, refuse

Answer = dict[str, Any]


class ModelOperations:
    """Models: a container image, and where its `model.tar.gz` lies."""

    _cloud: Cloud
    _models: Records

    def packaged_container(self, name: str) -> Document:
        """The container of a model package."""
        raise NotImplementedError

    async def create_model(self, parameters: Answer, context: CallContext) -> Answer:
        """Keep a model; its data is looked at when it is deployed."""
        check_constraints("sagemaker", "CreateModel", parameters)
        refuse(parameters, "InferenceExecutionConfig")
        name = parameters["ModelName"]
        arn = self._arn("model", name)
        if name in self._models:
            raise existing("model", arn)
        if not parameters.get("ExecutionRoleArn"):
            raise invalid("ExecutionRoleArn is required.")
        container = _only_container(parameters)
        if container.get("ModelPackageName"):
            # What the package has, with the variables that the model adds.
            packaged = self.packaged_container(container["ModelPackageName"])
            own = container.get("Environment") or {}
            merged = {**(packaged.get("Environment") or {}), **own}
            container = {**packaged, "Environment": merged}
        read_image(container.get("Image"))
        if container.get("ModelDataUrl"):
            read_uri(container["ModelDataUrl"])
        await check_role(self._cloud, parameters["ExecutionRoleArn"])
        self._models.add(name, request=parameters, arn=arn, container=container)
        return {"ModelArn": arn}

    async def describe_model(self, parameters: Answer, context: CallContext) -> Answer:
        """A model, as it was asked for."""
        model = self._model(parameters["ModelName"])
        request = {key: value for key, value in model["request"].items() if key != "Tags"}
        return {
            **request,
            "CreationTime": moment(model["created"]),
            "ModelArn": model["arn"],
            "EnableNetworkIsolation": bool(request.get("EnableNetworkIsolation")),
        }

    async def list_models(self, parameters: Answer, context: CallContext) -> Answer:
        """Models, the latest first."""
        return listing.page(
            self._models,
            parameters,
            "Models",
            lambda model: {
                "ModelName": model["name"],
                "ModelArn": model["arn"],
                "CreationTime": moment(model["created"]),
            },
        )

    async def delete_model(self, parameters: Answer, context: CallContext) -> Answer:
        """Forget a model; endpoints that serve it go on."""
        self._models.delete(self._model(parameters["ModelName"])["name"])
        return {}

    def _model(self, name: str) -> Document:
        model = self._models.get(name)
        if model is None:
            raise missing("model", self._arn("model", name))
        return model

    def _arn(self, kind: str, name: str) -> str:
        return arn_of(self._cloud.region, kind, name)


def _only_container(parameters: Answer) -> Answer:
    given = [*([parameters["PrimaryContainer"]] if parameters.get("PrimaryContainer") else [])]
    given += parameters.get("Containers") or []
    if not given:
        raise invalid("You must provide either primary container or containers for this request.")
    if len(given) > 1:
        refuse({"inference pipelines (several containers of one model)": True}, *_PIPELINES)
    container: Answer = given[0]
    refuse(
        container,
        "ModelDataSource",
        "AdditionalModelDataSources",
        "MultiModelConfig",
    )
    if container.get("Mode") == "MultiModel":
        refuse(container, "Mode")
    return container


_PIPELINES = ("inference pipelines (several containers of one model)",)
