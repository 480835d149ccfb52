"""Amazon States Language to typed states; every problem named with its place, as AWS does.

What the local cloud cannot do is a problem too, named when the machine is created: nothing that
was accepted is ignored while it runs.
"""

from __future__ import annotations

import json
import re
from typing import Any

from windfall_local.workflows.definition import (
    Block,
    Choice,
    ChoiceState,
    FailState,
    Machine,
    MapState,
    ParallelState,
    PassState,
    State,
    SucceedState,
    TaskState,
    WaitState,
)
from windfall_local.workflows.fields import MAX_SECONDS, STATE_FIELDS, Fields, Problem, Problems
from windfall_local.workflows.handlers import read_assign, read_catch, read_retry
from windfall_local.workflows.map_fields import read_distribution
from windfall_local.workflows.queries import is_expression
from windfall_local.workflows.reachability import check_flow
from windfall_local.workflows.resources import Resource, UnknownResourceError, parse_resource
from windfall_local.workflows.shapes import member_names, outer_name


class InvalidDefinitionError(Exception):
    """A definition that cannot run.

    Args:
        problems: At least one.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(str(problem) for problem in problems))
        self.problems = problems


def parse_definition(text: str) -> Machine:
    """The machine of a definition.

    Raises:
        InvalidDefinitionError: With every problem that was found.
    """
    return _Parser().parse(text)


class _Parser:
    def __init__(self) -> None:
        self.problems = Problems()
        self._names: set[str] = set()

    def parse(self, text: str) -> Machine:
        document = self._load(text)
        fields = Fields(document, "", self.problems)
        fields.allow("Comment", "QueryLanguage", "Version", "TimeoutSeconds", "StartAt", "States")
        if fields.string("Version", default="1.0") != "1.0":
            self.problems.add("/Version", "The only version is '1.0'")
        language = fields.string("QueryLanguage", default="JSONPath")
        if language not in ("JSONPath", "JSONata"):
            self.problems.add("/QueryLanguage", "The value must be 'JSONPath' or 'JSONata'")
        timeout = fields.integer("TimeoutSeconds", minimum=1, maximum=MAX_SECONDS)
        block = self._block(fields, language)
        self.problems.raise_any(InvalidDefinitionError)
        assert block is not None  # no problem means a block
        return Machine(block, timeout)

    def _load(self, text: str) -> dict[str, Any]:
        try:
            document = json.loads(text) if text.strip() else None
        except ValueError as error:
            raise InvalidDefinitionError(
                [Problem("INVALID_JSON_DESCRIPTION", str(error), None)]
            ) from error
        except RecursionError as error:
            raise InvalidDefinitionError(
                [Problem("INVALID_JSON_DESCRIPTION", "It is nested too deeply", None)]
            ) from error
        if not isinstance(document, dict):
            raise InvalidDefinitionError(
                [
                    Problem(
                        "SCHEMA_VALIDATION_FAILED", "Definition must be a valid JSON object", None
                    )
                ]
            )
        return document

    def _block(self, fields: Fields, language: str) -> Block | None:
        if not fields.require("States", "StartAt"):
            return None
        start = fields.string("StartAt")
        documents = fields.object("States")
        if not documents:
            self.problems.add(f"{fields.path}/States", "There must be at least one state")
            return None
        states: dict[str, State] = {}
        for name, document in documents.items():
            state = self._state(name, document, f"{fields.path}/States/{name}", language)
            if state is not None:
                states[name] = state
        if len(states) == len(documents):
            check_flow(fields.path, start, states, self.problems)
        return Block(start, states)

    def _state(self, name: str, document: Any, path: str, language: str) -> State | None:
        fields = Fields(document, path, self.problems)
        if not fields.valid or not self._is_name_free(name, path):
            return None
        kind = fields.string("Type")
        if kind not in STATE_FIELDS:
            self.problems.add(f"{path}/Type", f"'{kind}' is not one of {sorted(STATE_FIELDS)}")
            return None
        own = fields.string("QueryLanguage", default=language)
        if own == "JSONPath" and language == "JSONata":
            self.problems.add(
                path,
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            )
            return None
        if own != "JSONata":
            self.problems.add(
                path,
                "The local cloud runs states in JSONata only: set 'QueryLanguage' to 'JSONata', "
                f"for the machine or for this state; it is '{own}'",
            )
            return None
        fields.allow(*STATE_FIELDS[kind])
        builder = getattr(self, f"_build_{kind.lower()}")
        state: State | None = builder(fields, self._common(fields, name, kind))
        return state

    def _is_name_free(self, name: str, path: str) -> bool:
        if not 0 < len(name) <= 80:
            self.problems.add(path, "A state's name has 1 to 80 characters")
            return False
        if name in self._names:
            self.problems.add(path, f"The state name '{name}' is used more than once")
            return False
        self._names.add(name)
        return True

    def _common(self, fields: Fields, name: str, kind: str) -> dict[str, Any]:
        common: dict[str, Any] = {
            "name": name,
            "output": fields.template("Output"),
            "assign": read_assign(fields),
        }
        if kind in ("Succeed", "Fail", "Choice"):
            return common
        if fields.has("Next") and fields.has("End"):
            self.problems.add(fields.path, "'Next' and 'End' must not both be set")
        elif fields.has("Next"):
            common["next"] = fields.string("Next")
        elif fields.boolean("End") is not True:
            self.problems.add(fields.path, "Either 'Next' or 'End' must be set")
        return common

    def _build_pass(self, fields: Fields, common: dict[str, Any]) -> State:
        return PassState(**common)

    def _build_succeed(self, fields: Fields, common: dict[str, Any]) -> State:
        return SucceedState(**common)

    def _build_fail(self, fields: Fields, common: dict[str, Any]) -> State:
        return FailState(
            **common,
            error=fields.typed_template("Error", str),
            cause=fields.typed_template("Cause", str),
        )

    def _build_wait(self, fields: Fields, common: dict[str, Any]) -> State:
        if fields.has("Seconds") == fields.has("Timestamp"):
            self.problems.add(fields.path, "Exactly one of 'Seconds' and 'Timestamp' must be set")
        seconds = fields.typed_template("Seconds", int, minimum=0, maximum=MAX_SECONDS)
        timestamp = fields.typed_template("Timestamp", str)
        if timestamp is not None and timestamp.constant and not is_timestamp(timestamp.value):
            self.problems.add(f"{fields.path}/Timestamp", "The value is not an RFC 3339 timestamp")
        return WaitState(**common, seconds=seconds, timestamp=timestamp)

    def _build_choice(self, fields: Fields, common: dict[str, Any]) -> State:
        rules = []
        if fields.has("Default"):
            common["next"] = fields.string("Default")
        entries = fields.array("Choices")
        if not entries:
            self.problems.add(fields.path, "'Choices' must have at least one rule")
        for rule in fields.entries("Choices"):
            rule.allow("Condition", "Next", "Output", "Assign", "Comment")
            if not rule.require("Condition", "Next"):
                continue
            condition = rule.typed_template("Condition", bool)
            if condition is not None:
                rules.append(
                    Choice(
                        condition,
                        rule.string("Next"),
                        rule.template("Output"),
                        read_assign(rule),
                    )
                )
        return ChoiceState(**common, choices=tuple(rules))

    def _build_task(self, fields: Fields, common: dict[str, Any]) -> State | None:
        if not fields.require("Resource"):
            return None
        arn = fields.string("Resource")
        try:
            resource = parse_resource(arn)
        except UnknownResourceError as error:
            self.problems.add(f"{fields.path}/Resource", str(error))
            return None
        arguments = fields.template("Arguments")
        self._check_arguments(fields, resource)
        timeout = fields.typed_template("TimeoutSeconds", int, minimum=1, maximum=MAX_SECONDS)
        heartbeat = fields.typed_template("HeartbeatSeconds", int, minimum=1, maximum=MAX_SECONDS)
        if (
            timeout is not None
            and heartbeat is not None
            and timeout.constant
            and heartbeat.constant
            and heartbeat.value >= timeout.value
        ):
            self.problems.add(fields.path, "'HeartbeatSeconds' must be less than 'TimeoutSeconds'")
        role = None
        if fields.has("Credentials"):
            credentials = fields.inner("Credentials")
            credentials.allow("RoleArn")
            credentials.require("RoleArn")
            role = credentials.typed_template("RoleArn", str)
        return TaskState(
            **common,
            resource=resource,
            arguments=arguments,
            timeout=timeout,
            heartbeat=heartbeat,
            role=role,
            retry=read_retry(fields),
            catch=read_catch(fields),
        )

    def _check_arguments(self, fields: Fields, resource: Resource) -> None:
        arguments = fields.document.get("Arguments")
        shape = resource.model.input_shape
        if resource.kind == "function" or shape is None:
            return
        path = f"{fields.path}/Arguments"
        if arguments is not None and not isinstance(arguments, dict):
            if not (isinstance(arguments, str) and is_expression(arguments)):
                self.problems.add(path, "The value must be an object or a JSONata expression")
            return
        names = member_names(shape)
        given = {names.get(key.lower()) for key in arguments or {}}
        for key in arguments or {}:
            if key.lower() not in names:
                self.problems.add(
                    f"{path}/{key}", f"The field '{key}' is not supported by Step Functions"
                )
        for name in shape.required_members:
            if name not in given:
                self.problems.add(
                    path, f"The field '{outer_name(name)}' is required but was missing"
                )

    def _build_parallel(self, fields: Fields, common: dict[str, Any]) -> State:
        if not fields.array("Branches"):
            self.problems.add(fields.path, "'Branches' must have at least one branch")
        branches = []
        for branch in fields.entries("Branches"):
            branch.allow("Comment", "StartAt", "States")
            block = self._block(branch, "JSONata")
            if block is not None:
                branches.append(block)
        return ParallelState(
            **common,
            branches=tuple(branches),
            arguments=fields.template("Arguments"),
            retry=read_retry(fields),
            catch=read_catch(fields),
        )

    def _build_map(self, fields: Fields, common: dict[str, Any]) -> State | None:
        if not fields.require("ItemProcessor"):
            return None
        processor = fields.inner("ItemProcessor")
        processor.allow("Comment", "ProcessorConfig", "StartAt", "States")
        block = self._block(processor, "JSONata")
        distribution = read_distribution(fields, processor, common["name"], block)
        items = fields.template("Items")
        if items is not None and items.constant and not isinstance(items.value, list | dict):
            self.problems.add(f"{fields.path}/Items", "The value must be an array or an expression")
        if block is None:
            return None
        return MapState(
            **common,
            processor=block,
            distribution=distribution,
            items=items,
            selector=fields.template("ItemSelector"),
            concurrency=fields.typed_template("MaxConcurrency", int, minimum=0),
            tolerated_count=fields.typed_template("ToleratedFailureCount", int, minimum=0),
            tolerated_percentage=fields.typed_template(
                "ToleratedFailurePercentage", float, minimum=0, maximum=100
            ),
            retry=read_retry(fields),
            catch=read_catch(fields),
        )


_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})")


def is_timestamp(text: str) -> bool:
    """Whether a text has the form of RFC 3339 that Step Functions asks for: `T`, and a zone."""
    return _TIMESTAMP.fullmatch(text) is not None
