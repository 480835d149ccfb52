"""Lambda's operations on layers."""

from __future__ import annotations

from typing import Any

from windfall_local.api import CallContext, ServiceError
from windfall_local.functions import settings
from windfall_local.functions.definitions import DefinitionOperations
from windfall_local.functions.records import LayerVersion
from windfall_local.functions.registry import now, page


class LayerOperations(DefinitionOperations):
    """Layers, version by version."""

    async def publish_layer_version(
        self, parameters: dict[str, Any], context: CallContext
    ) -> dict[str, Any]:
        """PublishLayerVersion."""
        name = parameters["LayerName"].rsplit(":", 1)[-1]
        directory, digest, size = await self._code(parameters["Content"], context)
        number = max((one.version for one in self._versions(name)), default=0) + 1
        arn = self._arn("layer", name)
        layer = LayerVersion(
            name=name,
            version=number,
            arn=f"{arn}:{number}",
            layer_arn=arn,
            directory=directory,
            code_sha256=digest,
            code_size=size,
            created=now(),
            description=parameters.get("Description", ""),
            runtimes=list(parameters.get("CompatibleRuntimes", [])),
            architectures=list(parameters.get("CompatibleArchitectures", [])),
            license=parameters.get("LicenseInfo", ""),
        )
        self.records.layers[layer.arn] = layer
        self._save()
        return _whole(layer)

    async def get_layer_version(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """GetLayerVersion."""
        layer = self._layer(parameters["LayerName"], int(parameters["VersionNumber"]))
        return _whole(layer)

    async def get_layer_version_by_arn(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """GetLayerVersionByArn."""
        name, _, number = parameters["Arn"].rpartition(":")
        layer = self._layer(name, int(number))
        return _whole(layer)

    async def list_layer_versions(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """ListLayerVersions, the newest first."""
        versions = self._versions(parameters["LayerName"].rsplit(":", 1)[-1])
        return page([_version(one) for one in reversed(versions)], parameters, "LayerVersions")

    async def list_layers(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """ListLayers."""
        latest = {one.name: one for one in self.records.layers.values()}
        layers = [
            {"LayerName": name, "LayerArn": one.layer_arn, "LatestMatchingVersion": _version(one)}
            for name, one in latest.items()
        ]
        return page(layers, parameters, "Layers")

    async def delete_layer_version(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """DeleteLayerVersion; refused while a function uses it (AWS lets the function keep it)."""
        layer = self._layer(parameters["LayerName"], int(parameters["VersionNumber"]))
        if any(layer.arn in one.settings["Layers"] for one in self.records.functions.values()):
            raise settings.invalid(f"{layer.arn} is used by a function; take it off there first.")
        del self.records.layers[layer.arn]
        self._save()
        return {}

    def _versions(self, name: str) -> list[LayerVersion]:
        return [one for one in self.records.layers.values() if one.name == name]

    def _layer(self, reference: str, number: int) -> LayerVersion:
        for layer in self._versions(reference.rsplit(":", 1)[-1]):
            if layer.version == number:
                return layer
        raise ServiceError(
            "ResourceNotFoundException",
            f"The resource you requested does not exist: layer {reference}, version {number}.",
            status=404,
            fields={"Type": "User"},
        )


def _content(layer: LayerVersion) -> dict[str, Any]:
    return {
        "Location": f"file://{layer.directory}",
        "CodeSha256": layer.code_sha256,
        "CodeSize": layer.code_size,
    }


def _whole(layer: LayerVersion) -> dict[str, Any]:
    return {"LayerArn": layer.layer_arn, "Content": _content(layer), **_version(layer)}


def _version(layer: LayerVersion) -> dict[str, Any]:
    return {
        "LayerVersionArn": layer.arn,
        "Description": layer.description,
        "CreatedDate": layer.created,
        "Version": layer.version,
        "CompatibleRuntimes": layer.runtimes,
        "CompatibleArchitectures": layer.architectures,
        **({"LicenseInfo": layer.license} if layer.license else {}),
    }
