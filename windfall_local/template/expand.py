"""Turn a SAM template into plain CloudFormation, in process and offline.

Local paths stay local: `CodeUri`, `ContentUri` and `DefinitionUri` become an S3 location in the
reserved bucket `local-directory`, whose key is the absolute path. Lambda and the provisioner know
what that means.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from windfall_local.template.errors import TemplateError
from windfall_local.template.load import Template

LOCAL_DIRECTORY = "local-directory"

_SAM = "AWS::Serverless-2016-10-31"
_SAM_PATHS = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}
_PLAIN_PATHS = {
    "AWS::Lambda::Function": "Code",
    "AWS::Lambda::LayerVersion": "Content",
    "AWS::StepFunctions::StateMachine": "DefinitionS3Location",
}
_MANAGED_POLICIES = {
    name.rsplit("/", 1)[-1]: f"arn:aws:iam::aws:policy/{name}"
    for name in (
        "service-role/AWSLambdaBasicExecutionRole",
        "service-role/AWSLambdaSQSQueueExecutionRole",
        "AWSXRayDaemonWriteAccess",
        "AWSXrayWriteOnlyAccess",
    )
}


class _ManagedPolicies:
    """What the translator would ask IAM for."""

    def load(self) -> dict[str, str]:
        return dict(_MANAGED_POLICIES)


def expand(
    template: Template,
    directory: Path,
    parameters: dict[str, str],
    region: str,
    memory: Path | None = None,
) -> Template:
    """The template without SAM's resources.

    Args:
        template: As loaded; it is left as it is.
        directory: What its local paths are relative to.
        parameters: Values for its parameters.
        region: Where it is provisioned.
        memory: A file that keeps the last expansion: the translator takes a second, and a
            restart mostly sees the same template.

    Raises:
        TemplateError: SAM refuses it, or a local path does not exist.
    """
    template = copy.deepcopy(template)
    _localize(template, directory)
    transforms = template.get("Transform", [])
    transforms = [transforms] if isinstance(transforms, str) else transforms
    others = [one for one in transforms if one != _SAM]
    if others:
        raise TemplateError(f"Transform {', '.join(map(str, others))} is not known here.")
    if not transforms:
        return template
    if memory is None:
        return _translate(template, parameters, region)
    return _remember(template, parameters, region, memory)


def _localize(template: Template, directory: Path) -> None:
    for logical_id, resource in template["Resources"].items():
        properties = resource.setdefault("Properties", {})
        if properties is None:
            properties = resource["Properties"] = {}
        kind = resource["Type"]
        if kind in _SAM_PATHS:
            name, keys = _SAM_PATHS[kind], ("Bucket", "Key")
        elif kind in _PLAIN_PATHS:
            name, keys = _PLAIN_PATHS[kind], ("S3Bucket", "S3Key")
            if kind == "AWS::StepFunctions::StateMachine":
                keys = ("Bucket", "Key")
        else:
            continue
        if isinstance(properties.get(name), str):
            properties[name] = _location(properties[name], directory, keys, f"{logical_id}.{name}")
    code = template.get("Globals", {}).get("Function", {})
    if isinstance(code.get("CodeUri"), str):
        where = "Globals.Function.CodeUri"
        code["CodeUri"] = _location(code["CodeUri"], directory, ("Bucket", "Key"), where)


def _location(path: str, directory: Path, keys: tuple[str, str], where: str) -> dict[str, str]:
    if path.startswith("s3://"):
        bucket, _, key = path.removeprefix("s3://").partition("/")
        return dict(zip(keys, (bucket, key), strict=True))
    target = (directory / path).resolve()
    if not target.exists():
        raise TemplateError(f"{where}: {path} does not exist in {directory}.")
    return dict(zip(keys, (LOCAL_DIRECTORY, str(target)), strict=True))


def _remember(
    template: Template, parameters: dict[str, str], region: str, memory: Path
) -> Template:
    asked = json.dumps([version("aws-sam-translator"), template, parameters, region])
    key = hashlib.sha256(asked.encode()).hexdigest()
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(memory.read_text(encoding="utf-8"))
        if kept["key"] == key:
            known: Template = kept["template"]
            return known
    expanded = _translate(template, parameters, region)
    memory.parent.mkdir(parents=True, exist_ok=True)
    draft = memory.with_suffix(".new")
    draft.write_text(json.dumps({"key": key, "template": expanded}), encoding="utf-8")
    draft.replace(memory)
    return expanded


def _translate(template: Template, parameters: dict[str, str], region: str) -> Template:
    # The translator takes a second to import; a plain template does not pay for it.
    from samtranslator.model.exceptions import InvalidDocumentException  # noqa: PLC0415
    from samtranslator.parser.parser import Parser  # noqa: PLC0415
    from samtranslator.translator.translator import Translator  # noqa: PLC0415
    from samtranslator.utils.py27hash_fix import (  # noqa: PLC0415
        to_py27_compatible_template,
        undo_mark_unicode_str_in_template,
    )

    values: dict[str, Any] = dict(parameters)
    session = SimpleNamespace(region_name=region)  # All that it asks of boto3's session.
    try:
        to_py27_compatible_template(template, values)
        expanded = Translator(None, Parser(), boto_session=session).translate(
            template,
            values,
            passthrough_metadata=True,
            get_managed_policy_map=_ManagedPolicies().load,
        )
    except InvalidDocumentException as error:
        causes = "".join(f"\n  {cause.message}" for cause in error.causes)
        raise TemplateError(f"SAM refuses the template:{causes}") from error
    plain: Template = undo_mark_unicode_str_in_template(expanded)
    return plain
