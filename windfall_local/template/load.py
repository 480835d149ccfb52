"""Read a template: YAML with CloudFormation's short forms, or JSON (which is YAML)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from windfall_local.template.errors import TemplateError

Template = dict[str, Any]

_WITHOUT_PREFIX = frozenset({"Ref", "Condition"})


# libyaml's reader where the package brings it: a template takes 20 ms instead of 400.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]
    """YAML as CloudFormation reads it: short forms, no dates, no duplicate keys."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    loader.flatten_mapping(node)
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, (str, int, float, bool)):
            raise TemplateError(f"A key is no text{key_node.start_mark}.")
        if str(key) in result:
            raise TemplateError(f"{key} stands twice in one mapping{key_node.start_mark}.")
        result[str(key)] = loader.construct_object(value_node, deep=True)
    return result


def _construct_short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = [loader.construct_object(item, deep=True) for item in node.value]
    elif isinstance(node, yaml.MappingNode):
        value = _construct_mapping(loader, node)
    else:
        raise TemplateError(f"!{suffix} has no value{node.start_mark}.")
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in _WITHOUT_PREFIX else f"Fn::{suffix}": value}


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)
_Loader.add_multi_constructor("!", _construct_short_form)


def parse(text: str, name: str = "template") -> Template:
    """The template in a text.

    Raises:
        TemplateError: It is no YAML, or no template.
    """
    try:
        template = yaml.load(text, _Loader)  # _Loader is a SafeLoader.
    except yaml.YAMLError as error:
        raise TemplateError(f"{name} is no YAML: {error}") from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise TemplateError(f"{name} has no Resources.")
    for logical_id, resource in template["Resources"].items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise TemplateError(f"{name}: {logical_id} has no Type.")
    return template


def load(path: Path) -> Template:
    """The template in a file.

    Raises:
        TemplateError: It can't be read, is no YAML, or no template.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path} can't be read: {error}") from error
    return parse(text, str(path))
