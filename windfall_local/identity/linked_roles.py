"""Service-linked roles, made when they are needed first."""

from __future__ import annotations

from windfall_local.api import Cloud, CompletedCall, Principal, ServiceError
from windfall_local.identity.needs.scaling import LINKED_SERVICE


class ScalerRole:
    """Makes the role as which Application Auto Scaling scales endpoints of SageMaker.

    The caller's permission to have it made was asked for with the call (`needs.scaling`).

    Args:
        cloud: Has IAM.
    """

    SERVICE = "application-autoscaling"
    OPERATIONS = ("RegisterScalableTarget",)

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def __call__(self, call: CompletedCall) -> None:
        """An endpoint, or something else, is to be scaled."""
        if call.parameters["ServiceNamespace"] != "sagemaker":
            return
        named = {"AWSServiceName": LINKED_SERVICE}
        try:
            await self._cloud.call("iam", "CreateServiceLinkedRole", named, Principal.root())
        except ServiceError as error:
            if error.code != "EntityAlreadyExists":
                raise
