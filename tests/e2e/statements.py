"""Which statement of a role is needed: each is taken away, and what was needed is asked again."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.e2e.deployment import Deployment
from tests.e2e.local import LocalProcess
from windfall_local.api import Principal
from windfall_local.identity.documents import Policy, Statement, read_policy
from windfall_local.identity.evaluation import Access, Applicable, decide


@dataclass(frozen=True)
class Used:
    """A permission that a role needed."""

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]]


class Statements:
    """The statements of a stack's roles.

    Args:
        deployment: The stack.
        process: Notes what the roles need.
        only: The logical ids of the roles; all of them without any.

    Attributes:
        roles: Logical ids by the roles' names.
        policies: The inline policies of each role; beside them there is only AWS's own for X-Ray.
        proven: The statements that something needed, as `role/Sid`.
    """

    def __init__(self, deployment: Deployment, process: LocalProcess, *only: str) -> None:
        self._process = process
        self._account = deployment.client("sts").get_caller_identity()["Account"]
        names = [name for name in deployment.resources if name.endswith("Role")]
        self.roles = {deployment.resources[name]: name for name in only or names}
        self.policies = {role: _policies_of(deployment, role) for role in self.roles}
        self.proven: set[str] = set()

    def __len__(self) -> int:
        return sum(len(list(_without_each(policies))) for policies in self.policies.values())

    def arn(self, role: str) -> str:
        """A role's ARN."""
        return f"arn:aws:iam::{self._account}:role/{role}"

    def idle(self) -> list[str]:
        """The statements that nothing has needed so far.

        What is lost without a statement must be what it is about.
        """
        left, needs = [], self._needs()
        for role, logical_id in self.roles.items():
            arn, policies = self.arn(role), self.policies[role]
            granted = [one for one in needs[role] if allowed(arn, one, tuple(policies))]
            for statement, rest in _without_each(policies):
                name = f"{logical_id}/{statement.sid}"
                lost = [one for one in granted if not allowed(arn, one, rest)]
                for one in lost:
                    alone = ((statement,),)
                    assert allowed(arn, one, alone), f"{one.action} is lost with {statement.sid}"
                if lost:
                    self.proven.add(name)
                else:
                    left.append(name)
        return left

    def _needs(self) -> dict[str, list[Used]]:
        needs: dict[str, list[Used]] = defaultdict(list)
        # The last line may be half written.
        whole, _, _ = self._process.audit.read_text(encoding="utf-8").rpartition("\n")
        for line in whole.splitlines():
            entry = json.loads(line)
            context = {name: tuple(values) for name, values in entry["context"].items()}
            role = entry["role"].rpartition("/")[2]
            needs[role].append(Used(entry["action"], entry["resource"], context))
        return needs


def allowed(role_arn: str, used: Used, policies: tuple[Policy, ...]) -> bool:
    """Whether policies let a role do something."""
    access = Access(Principal.role(role_arn, "proof"), used.action, used.resource, used.context)
    return decide(access, Applicable(policies)).allowed


def _policies_of(deployment: Deployment, role: str) -> list[Policy]:
    iam = deployment.client("iam")
    return [
        read_policy(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]


def _without_each(policies: list[Policy]) -> Iterator[tuple[Statement, tuple[Policy, ...]]]:
    """Each statement that has a name, and the policies without it."""
    for place, policy in enumerate(policies):
        for statement in policy:
            if statement.sid:
                rest = tuple(one for one in policy if one is not statement)
                yield statement, (*policies[:place], rest, *policies[place + 1 :])
