"""What a template asks for, checked and in the order in which it can be made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from windfall_local.template.errors import TemplateError, UnsupportedTemplateError
from windfall_local.template.intrinsics import Resolver, references
from windfall_local.template.load import Template
from windfall_local.template.no_local_meaning import reason
from windfall_local.template.resources.kinds import Kind, unhonoured
from windfall_local.template.resources.registry import KINDS

_RESOURCE_KEYS = frozenset(
    {
        "Type",
        "Properties",
        "Condition",
        "DependsOn",
        "DeletionPolicy",
        "UpdateReplacePolicy",
        "Metadata",
    }
)
_SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Globals",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    }
)


@dataclass(frozen=True, slots=True)
class Planned:
    """A resource to make.

    Attributes:
        properties: Unresolved.
    """

    logical_id: str
    kind: Kind
    properties: dict[str, Any]
    metadata: dict[str, Any]
    deletion_policy: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make, first things first.

    Attributes:
        skipped: Logical ID, and property path where it is one, to the reason why it has no local
            meaning; for `windfall up --verbose`.
        outputs: Unresolved, those whose condition holds.
    """

    resources: list[Planned]
    types: dict[str, str]
    skipped: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)


def make_plan(template: Template, resolver: Resolver) -> Plan:
    """Check everything that a template asks for, and order it.

    Args:
        template: Plain CloudFormation.
        resolver: Knows parameters and conditions; its lookup answers with anything at all.

    Raises:
        UnsupportedTemplateError: Something is not honoured; all of it is named.
        TemplateError: The template refers to what does not exist, or in a circle.
    """
    wanted = {
        logical_id: resource
        for logical_id, resource in template["Resources"].items()
        if "Condition" not in resource or resolver.condition(resource["Condition"])
    }
    outputs = {
        name: output
        for name, output in (template.get("Outputs") or {}).items()
        if "Condition" not in output or resolver.condition(output["Condition"])
    }
    problems = [f"section {name}" for name in sorted(template.keys() - _SECTIONS)]
    problems += ["section Rules"] if template.get("Rules") else []
    problems += [
        f"output {name}: Export, as there are no other stacks here"
        for name, output in outputs.items()
        if "Export" in output
    ]
    skipped: dict[str, str] = {}
    for logical_id, resource in wanted.items():
        problems += _check(logical_id, resource, resolver, skipped)
    if problems:
        raise UnsupportedTemplateError(problems)
    made = {key: resource for key, resource in wanted.items() if resource["Type"] in KINDS}
    _check_references(made, wanted, outputs, template)
    resources = [
        Planned(
            logical_id,
            KINDS[made[logical_id]["Type"]],
            made[logical_id].get("Properties") or {},
            made[logical_id].get("Metadata") or {},
            made[logical_id].get("DeletionPolicy", "Delete"),
        )
        for logical_id in _order(made)
    ]
    types = {logical_id: resource["Type"] for logical_id, resource in wanted.items()}
    return Plan(resources, types, skipped, outputs)


def _check(
    logical_id: str, resource: dict[str, Any], resolver: Resolver, skipped: dict[str, str]
) -> list[str]:
    """What of a resource is not honoured; what has no local meaning goes to `skipped`."""
    kind = resource["Type"]
    problems = [f"{logical_id}.{key}" for key in sorted(resource.keys() - _RESOURCE_KEYS)]
    if why := reason(kind):
        skipped[logical_id] = why
        return problems
    if kind not in KINDS:
        return [*problems, f"{logical_id}: type {kind}"]
    properties = resolver.resolve(resource.get("Properties") or {})
    for path in unhonoured(KINDS[kind].honours, properties):
        why = reason(kind, path)
        if why is None:
            problems.append(f"{logical_id}: property {path} of {kind}")
    for name in properties:
        if why := reason(kind, name):
            skipped[f"{logical_id}.{name}"] = why
    return problems


def _check_references(
    made: dict[str, Any], wanted: dict[str, Any], outputs: dict[str, Any], template: Template
) -> None:
    known = made.keys() | (template.get("Parameters") or {}).keys()
    sources = {key: resource.get("Properties") for key, resource in made.items()}
    sources |= {f"output {name}": output.get("Value") for name, output in outputs.items()}
    problems = []
    for source, value in sources.items():
        for name in references(value):
            if name in known or name.startswith("AWS::"):
                continue
            if name in wanted:
                problems.append(f"{source}: {name}, which has no local meaning")
            elif name not in template["Resources"]:
                raise TemplateError(f"{source} refers to {name}, which does not exist.")
    if problems:
        raise UnsupportedTemplateError(problems)


def _order(resources: dict[str, Any]) -> list[str]:
    """Logical IDs, each after what it refers to, otherwise as the template has them.

    Raises:
        TemplateError: They refer to each other in a circle.
    """
    before = {
        logical_id: [one for one in _needs(resource) if one in resources]
        for logical_id, resource in resources.items()
    }
    done: dict[str, None] = {}
    for start in resources:
        path: list[str] = []
        stack = [(start, iter(before[start]))]
        while stack:
            current, rest = stack[-1]
            if current not in path and current not in done:
                path.append(current)
            following = next((one for one in rest if one not in done), None)
            if following is None:
                stack.pop()
                if path and path[-1] == current:
                    path.pop()
                done[current] = None
            elif following in path:
                circle = [*path[path.index(following) :], following]
                raise TemplateError(f"Circular dependency: {' -> '.join(circle)}.")
            else:
                stack.append((following, iter(before[following])))
    return list(done)


def _needs(resource: dict[str, Any]) -> list[str]:
    explicit = resource.get("DependsOn", [])
    explicit = [explicit] if isinstance(explicit, str) else explicit
    return [*explicit, *references(resource.get("Properties"))]
