"""The model registry: groups of model packages, each a version of a model."""

from __future__ import annotations

from typing import Any

from windfall_local.api import CallContext, Cloud
from windfall_local.services.sagemaker import listing
from windfall_local.services.sagemaker.constraints import check_constraints
from windfall_local.services.sagemaker.images import read_image
from windfall_local.services.sagemaker.records import Document, Records, moment
from windfall_local.services.sagemaker.tags import tags_of
from windfall_local.services.sagemaker.wording import arn_of, conflict, invalid, refuse

Answer = dict[str, Any]

_EVENT = "SageMaker Model Package State Change"
_CHANGEABLE = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
)


class RegistryOperations:
    """Model packages and their groups."""

    _cloud: Cloud
    _groups: Records
    _packages: Records

    # --- Groups ---------------------------------------------------------------------------------

    async def create_model_package_group(self, parameters: Answer, context: CallContext) -> Answer:
        """Start a group."""
        check_constraints("sagemaker", "CreateModelPackageGroup", parameters)
        refuse(parameters, "ManagedConfiguration")
        name = parameters["ModelPackageGroupName"]
        arn = arn_of(self._cloud.region, "model-package-group", name)
        if name in self._groups:
            raise invalid(f"Model Package Group already exists: {arn}")
        self._groups.add(name, request=parameters, arn=arn, last=0)
        return {"ModelPackageGroupArn": arn}

    async def describe_model_package_group(
        self, parameters: Answer, context: CallContext
    ) -> Answer:
        """A group."""
        group = self._group(parameters["ModelPackageGroupName"])
        return {**_group_summary(group), "CreatedBy": {}}

    async def list_model_package_groups(self, parameters: Answer, context: CallContext) -> Answer:
        """Groups, the latest first."""
        return listing.page(
            self._groups, parameters, "ModelPackageGroupSummaryList", _group_summary
        )

    async def delete_model_package_group(self, parameters: Answer, context: CallContext) -> Answer:
        """Forget a group without packages."""
        group = self._group(parameters["ModelPackageGroupName"])
        if any(package["group"] == group["name"] for package in self._packages):
            raise invalid(f"Model Package Group {group['arn']} is not empty.")
        self._groups.delete(group["name"])
        return {}

    # --- Packages -------------------------------------------------------------------------------

    async def create_model_package(self, parameters: Answer, context: CallContext) -> Answer:
        """Register a version of a model, in its group."""
        check_constraints("sagemaker", "CreateModelPackage", parameters)
        refuse(
            parameters,
            "ModelPackageName",
            "SourceAlgorithmSpecification",
            "ValidationSpecification",
            "AdditionalInferenceSpecifications",
        )
        named = parameters.get("ModelPackageGroupName")
        if not named:
            raise invalid("ModelPackageGroupName is required.")
        group = self._group(str(named).rpartition("/")[2])
        before = self._registered_with(parameters.get("ClientToken"))
        if before is not None:
            if before["request"] != parameters:
                raise conflict("The ClientToken was used before with other parameters.")
            return {"ModelPackageArn": before["arn"]}
        for container in (parameters.get("InferenceSpecification") or {}).get("Containers", ()):
            read_image(container.get("Image"))
        self._groups.change(group, last=group["last"] + 1)
        version = group["last"]
        arn = arn_of(self._cloud.region, "model-package", f"{group['name']}/{version}")
        package = self._packages.add(
            f"{group['name']}/{version}",
            request=parameters,
            arn=arn,
            group=group["name"],
            version=version,
            changed={},
        )
        await self._tell(package)
        return {"ModelPackageArn": arn}

    def _registered_with(self, token: str | None) -> Document | None:
        """The version that was registered with a token: the same call again makes no other."""
        if token is None:
            return None
        requests = (one for one in self._packages if one["request"].get("ClientToken") == token)
        return next(requests, None)

    async def describe_model_package(self, parameters: Answer, context: CallContext) -> Answer:
        """A version, as it was registered and changed since."""
        package = self._package(parameters["ModelPackageName"])
        request = {
            key: value
            for key, value in package["request"].items()
            if key not in ("Tags", "ClientToken", "ModelPackageGroupName")
        }
        return {
            **_summary(package),
            **request,
            **package["changed"],
            "ModelPackageName": package["group"],
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "LastModifiedTime": moment(package["modified"]),
            "CertifyForMarketplace": False,
        }

    async def list_model_packages(self, parameters: Answer, context: CallContext) -> Answer:
        """Versions, of a group or of all, the latest first."""
        group = str(parameters.get("ModelPackageGroupName") or "").rpartition("/")[2]
        approval = parameters.get("ModelApprovalStatus")
        chosen = [
            package
            for package in self._packages
            if group in ("", package["group"]) and approval in (None, approval_of(package))
        ]
        return listing.page(chosen, parameters, "ModelPackageSummaryList", _summary)

    async def update_model_package(self, parameters: Answer, context: CallContext) -> Answer:
        """Approve a version, or change what is told of it."""
        check_constraints("sagemaker", "UpdateModelPackage", parameters)
        refuse(parameters, "AdditionalInferenceSpecificationsToAdd")
        package = self._package(parameters["ModelPackageArn"])
        changed = package["changed"]
        changed.update({name: parameters[name] for name in _CHANGEABLE if name in parameters})
        told = changed.get(
            "CustomerMetadataProperties", package["request"].get("CustomerMetadataProperties", {})
        )
        told = told | (parameters.get("CustomerMetadataProperties") or {})
        for gone in parameters.get("CustomerMetadataPropertiesToRemove") or ():
            told.pop(gone, None)
        if told:
            changed["CustomerMetadataProperties"] = told
        self._packages.change(package)
        await self._tell(package)
        return {"ModelPackageArn": package["arn"]}

    async def delete_model_package(self, parameters: Answer, context: CallContext) -> Answer:
        """Forget a version; its number is not given again."""
        self._packages.delete(self._package(parameters["ModelPackageName"])["name"])
        return {}

    def packaged_container(self, name: str) -> Document:
        """The container of a version, for CreateModel.

        Raises:
            ServiceError: There is no such version, or it was rejected.
        """
        package = self._package(name)
        if approval_of(package) != "Approved":
            raise invalid(
                f"The model package {package['arn']} is not approved: its ModelApprovalStatus is "
                f"{approval_of(package)}."
            )
        told = {**package["request"], **package["changed"]}
        containers = (told.get("InferenceSpecification") or {}).get("Containers") or []
        if len(containers) != 1:
            raise invalid(f"The model package {package['arn']} has {len(containers)} containers.")
        found: Document = containers[0]
        return found

    def _group(self, name: str) -> Document:
        group = self._groups.get(name)
        if group is None:
            arn = arn_of(self._cloud.region, "model-package-group", name)
            raise invalid(f"Model Package Group {arn} does not exist.")
        return group

    def _package(self, name: str) -> Document:
        own = name.partition(":model-package/")[2] or name
        found = next((one for one in self._packages if one["name"].lower() == own.lower()), None)
        if found is None:
            raise invalid(f"ModelPackage {name} does not exist.")
        return found

    async def _tell(self, package: Document) -> None:
        detail = {
            "ModelPackageName": package["name"],
            "ModelPackageArn": package["arn"],
            "ModelPackageGroupName": package["group"],
            "ModelPackageVersion": package["version"],
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": approval_of(package),
            "CreationTime": int(moment(package["created"]).timestamp() * 1000),
            "Tags": {tag["Key"]: tag["Value"] for tag in tags_of(package)},
        }
        told = package["request"].get("InferenceSpecification")
        if told:
            detail["InferenceSpecification"] = told
        await self._cloud.emit("aws.sagemaker", _EVENT, detail, [package["arn"]])


def approval_of(package: Document) -> str:
    """A version's ModelApprovalStatus."""
    told = {**package["request"], **package["changed"]}
    return str(told.get("ModelApprovalStatus") or "PendingManualApproval")


def _group_summary(group: Document) -> Answer:
    summary = {
        "ModelPackageGroupName": group["name"],
        "ModelPackageGroupArn": group["arn"],
        "CreationTime": moment(group["created"]),
        "ModelPackageGroupStatus": "Completed",
    }
    told = group["request"].get("ModelPackageGroupDescription")
    return {**summary, "ModelPackageGroupDescription": told} if told else summary


def _summary(package: Document) -> Answer:
    summary = {
        "ModelPackageName": package["group"],
        "ModelPackageGroupName": package["group"],
        "ModelPackageVersion": package["version"],
        "ModelPackageArn": package["arn"],
        "CreationTime": moment(package["created"]),
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": approval_of(package),
    }
    told = package["request"].get("ModelPackageDescription")
    return {**summary, "ModelPackageDescription": told} if told else summary
