"""Make a cloud hold what a template says."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from windfall_local.api import Cloud, ServiceError
from windfall_local.template.errors import ProvisionError, TemplateError
from windfall_local.template.expand import expand
from windfall_local.template.intrinsics import Resolver
from windfall_local.template.load import Template, load
from windfall_local.template.parameters import choose, typed
from windfall_local.template.plan import Plan, Planned, make_plan
from windfall_local.template.resources.kinds import Calls, Made, Removable, Wanted
from windfall_local.template.resources.registry import KINDS
from windfall_local.template.stack import Output, Stack, StackResource, physical_name

log = logging.getLogger(__name__)


def prepare(
    path: Path,
    stack: str,
    parameters: dict[str, str],
    region: str,
    memory: Path | None = None,
) -> tuple[Template, Plan, dict[str, str]]:
    """Everything that can be said of a template before anything is made.

    Args:
        path: The template.
        stack: The stack's name.
        parameters: Values for its parameters; defaults for the others.
        region: Where it is provisioned.
        memory: A file that keeps its expansion for the next time.

    Returns:
        The expanded template, the plan, and every parameter's value.

    Raises:
        TemplateError: It is wrong, or asks for what is not honoured here.
    """
    source = load(path)
    values = choose(source, parameters)
    template = expand(source, path.parent.resolve(), values, region, memory)

    def answer_anything(name: str, attribute: str | None) -> str:
        kind = template["Resources"].get(name, {}).get("Type")
        if attribute and kind in KINDS and attribute not in KINDS[kind].attributes:
            raise TemplateError(f"{name} ({kind}) has no attribute {attribute} here.")
        return f"{name}.{attribute or 'Ref'}"

    resolver = _resolver(template, values, stack, region)
    resolver.lookup = answer_anything
    return template, make_plan(template, resolver), values


async def provision_template(
    cloud: Cloud, path: Path, stack: str = "windfall", parameters: dict[str, str] | None = None
) -> Stack:
    """Create or update everything in a template file, and remove what left it.

    Args:
        cloud: Where.
        path: `template.yaml`, or what `sam build` made of it.
        stack: The stack's name.
        parameters: Values for its parameters; defaults for the others.

    Raises:
        TemplateError: The template is wrong, or a service refused a resource.
    """
    memory = Path(cloud.data_dir) / "state" / "expansion.json"
    template, plan, values = prepare(path, stack, parameters or {}, cloud.region, memory)
    before = Stack.load(Path(cloud.data_dir))
    if before is not None and before.name != stack:
        raise TemplateError(
            f"{cloud.data_dir} holds the stack {before.name}; "
            f"use another data directory for {stack}."
        )
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    result = Stack(
        stack,
        cloud.region,
        str(path.resolve()),
        values,
        before.created if before else now,
        now,
        description=template.get("Description", ""),
        skipped=plan.skipped,
    )
    await _Provisioning(cloud, template, result, before).run(plan)
    result.save(Path(cloud.data_dir))
    return result


class _Provisioning:
    """One run."""

    def __init__(
        self, cloud: Cloud, template: Template, stack: Stack, before: Stack | None
    ) -> None:
        self._calls = Calls(cloud)
        self._stack = stack
        self._before = before.resources if before else {}
        self._resolver = _resolver(template, stack.parameters, stack.name, stack.region)
        self._resolver.lookup = self._look_up

    async def run(self, plan: Plan) -> None:
        for planned in plan.resources:
            await self._make(planned)
        for name, output in plan.outputs.items():
            value = self._resolver.resolve(output["Value"])
            description = output.get("Description", "")
            self._stack.outputs[name] = Output(str(value), description)
        for logical_id, resource in reversed(self._before.items()):
            if logical_id not in self._stack.resources:
                await self._remove(logical_id, resource)

    def _look_up(self, name: str, attribute: str | None) -> Any:
        resource = self._stack.resources.get(name)
        if resource is None:
            raise TemplateError(f"{name} does not exist.")
        if attribute is None:
            return resource.physical_id
        if attribute not in resource.attributes:
            raise TemplateError(f"{name} ({resource.type}) has no attribute {attribute} here.")
        return resource.attributes[attribute]

    async def _make(self, planned: Planned) -> None:
        logical_id, kind = planned.logical_id, planned.kind
        properties = self._resolver.resolve(planned.properties)
        digest = hashlib.sha256(json.dumps(properties, sort_keys=True).encode()).hexdigest()
        former = self._before.get(logical_id)
        wanted = Wanted(
            logical_id,
            physical_name(self._stack.name, logical_id),
            properties,
            planned.metadata,
            Made(former.physical_id, former.attributes) if former else None,
            former is not None and former.digest == digest,
        )
        try:
            made = await kind.ensure(wanted, self._calls)
        except ServiceError as error:
            raise ProvisionError(f"{logical_id} ({kind.type}): {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise ProvisionError(
                f"{logical_id} ({kind.type}): its properties are wrong or incomplete: {error!r}"
            ) from error
        self._stack.resources[logical_id] = StackResource(
            kind.type,
            made.physical_id,
            made.attributes,
            digest,
            planned.deletion_policy != "Delete",
            self._stack.updated,
        )

    async def _remove(self, logical_id: str, resource: StackResource) -> None:
        kind = KINDS.get(resource.type)
        made = Made(resource.physical_id, resource.attributes)
        still_wanted = any(
            one.physical_id == resource.physical_id for one in self._stack.resources.values()
        )
        if still_wanted or resource.retained or not hasattr(kind, "remove"):
            log.info("%s left the template; %s is kept.", logical_id, resource.physical_id)
            return
        try:
            await cast(Removable, kind).remove(made, self._calls)
        except ServiceError as error:
            log.warning("%s left the template and can't be removed: %s", logical_id, error)


def _resolver(template: Template, values: dict[str, str], stack: str, region: str) -> Resolver:
    def nothing_yet(name: str, _attribute: str | None) -> Any:
        raise TemplateError(f"{name} does not exist.")

    return Resolver(
        typed(template, values),
        stack,
        region,
        template.get("Mappings") or {},
        template.get("Conditions") or {},
        nothing_yet,
    )
