"""Lambda's operations on functions: create, update, describe, delete, tag."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from windfall_local.api import CallContext, ServiceError, UnsupportedOperationError
from windfall_local.functions import settings, source_tree
from windfall_local.functions.records import FunctionRecord
from windfall_local.functions.registry import Registry, now, page


class DefinitionOperations(Registry):
    """Functions as they are defined."""

    async def _code(self, code: dict[str, Any], context: CallContext) -> tuple[str, str, int]:
        """Where code lies, its digest and its size."""
        for member in ("ImageUri", "SourceKMSKeyArn"):
            if member in code:
                raise UnsupportedOperationError(f"The local lambda does not honour Code.{member}.")
        if "ZipFile" in code:
            return source_tree.unpack(code["ZipFile"], self._home / "code")
        if code.get("S3Bucket") == source_tree.LOCAL_DIRECTORY:
            directory = source_tree.check_directory(code["S3Key"])
            return (directory, *source_tree.describe_directory(directory))
        if "S3Bucket" in code and "S3Key" in code:
            place = {"Bucket": code["S3Bucket"], "Key": code["S3Key"]}
            if "S3ObjectVersion" in code:
                place["VersionId"] = code["S3ObjectVersion"]
            found = await context.cloud.call("s3", "GetObject", place, context.principal)
            return source_tree.unpack(found["Body"], self._home / "code")
        raise settings.invalid("Please provide a source for function code.")

    async def create_function(
        self, parameters: dict[str, Any], context: CallContext
    ) -> dict[str, Any]:
        """CreateFunction."""
        name = settings.function_name(parameters)
        if name in self.records.functions:
            raise ServiceError(
                "ResourceConflictException", f"Function already exist: {name}", status=409
            )
        chosen = settings.settings_from(parameters, settings.DEFAULTS)
        self._check_layers(chosen)
        directory, digest, size = await self._code(parameters["Code"], context)
        record = FunctionRecord(
            name=name,
            arn=self._arn("function", name),
            settings=chosen,
            directory=directory,
            code_sha256=digest,
            code_size=size,
            modified=now(),
            revision=str(uuid4()),
            tags=dict(parameters.get("Tags", {})),
        )
        self.records.functions[name] = record
        self._save()
        return self._configuration(record)

    async def update_function_configuration(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """UpdateFunctionConfiguration."""
        record = self.find(parameters["FunctionName"])
        _check_revision(record, parameters)
        chosen = settings.settings_from(parameters, record.settings)
        self._check_layers(chosen)
        record.settings = chosen
        return self._changed(record)

    async def update_function_code(
        self, parameters: dict[str, Any], context: CallContext
    ) -> dict[str, Any]:
        """UpdateFunctionCode."""
        record = self.find(parameters["FunctionName"])
        _check_revision(record, parameters)
        directory, digest, size = await self._code(parameters, context)
        if parameters.get("DryRun"):
            return self._configuration(record)
        record.directory, record.code_sha256, record.code_size = directory, digest, size
        if "Architectures" in parameters:
            record.settings["Architectures"] = parameters["Architectures"]
        return self._changed(record)

    def _changed(self, record: FunctionRecord) -> dict[str, Any]:
        record.modified, record.revision = now(), str(uuid4())
        self._save()
        return self._configuration(record)

    def _check_layers(self, chosen: dict[str, Any]) -> None:
        for arn in chosen["Layers"]:
            self.find_layer(arn)

    async def get_function(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """GetFunction."""
        record = self.find(parameters["FunctionName"], parameters.get("Qualifier"))
        answer: dict[str, Any] = {
            "Configuration": self._configuration(record),
            "Code": {"RepositoryType": "S3", "Location": f"file://{record.directory}"},
        }
        if record.tags:
            answer["Tags"] = dict(record.tags)
        if record.reserved is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": record.reserved}
        return answer

    async def get_function_configuration(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """GetFunctionConfiguration."""
        return self._configuration(
            self.find(parameters["FunctionName"], parameters.get("Qualifier"))
        )

    async def list_functions(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """ListFunctions."""
        functions = [self._configuration(one) for one in self.records.functions.values()]
        return page(functions, parameters, "Functions")

    async def delete_function(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """DeleteFunction."""
        record = self.find(parameters["FunctionName"], parameters.get("Qualifier"))
        del self.records.functions[record.name]
        self._save()
        return {}

    async def tag_resource(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """TagResource."""
        self.find(parameters["Resource"]).tags.update(parameters["Tags"])
        self._save()
        return {}

    async def untag_resource(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """UntagResource."""
        tags = self.find(parameters["Resource"]).tags
        for key in parameters["TagKeys"]:
            tags.pop(key, None)
        self._save()
        return {}

    async def list_tags(self, parameters: dict[str, Any], _context: CallContext) -> dict[str, Any]:
        """ListTags."""
        return {"Tags": dict(self.find(parameters["Resource"]).tags)}

    def _configuration(self, record: FunctionRecord) -> dict[str, Any]:
        chosen = dict(record.settings)
        layers = [self.records.layers[arn] for arn in chosen.pop("Layers")]
        logging = {"LogFormat": "Text", "LogGroup": record.log_group}
        return {
            **chosen,
            "FunctionName": record.name,
            "FunctionArn": record.arn,
            "CodeSize": record.code_size,
            "CodeSha256": record.code_sha256,
            "LastModified": record.modified,
            "RevisionId": record.revision,
            "Version": "$LATEST",
            "PackageType": "Zip",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "Layers": [{"Arn": one.arn, "CodeSize": one.code_size} for one in layers],
            "LoggingConfig": {**logging, **chosen.get("LoggingConfig", {})},
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        }


def _check_revision(record: FunctionRecord, parameters: dict[str, Any]) -> None:
    if parameters.get("RevisionId") not in (None, record.revision):
        raise ServiceError(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/"
            "GetAlias API to retrieve the latest Revision Id",
            status=412,
        )
