"""CloudFormation's intrinsic functions, conditions and pseudo parameters.

A template is resolved twice: once before anything exists, with `Placeholder` for what resources
will be called, to see what it asks for; and resource by resource while it is provisioned.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from windfall_local.api import ACCOUNT
from windfall_local.template.errors import TemplateError, UnsupportedTemplateError

Lookup = Callable[[str, str | None], Any]
"""What a resource is called (`None`), or one of its attributes."""

NO_VALUE = object()
"""What `AWS::NoValue` resolves to; the key or item that holds it vanishes."""

_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
_REFUSED = {
    "Fn::ImportValue": "there are no other stacks here",
    "Fn::Cidr": "there are no networks here",
    "Fn::Transform": "there are no macros here",
    "Fn::ForEach": "it needs a transform that does not exist here",
    "Fn::Length": "it needs a transform that does not exist here",
    "Fn::ToJsonString": "it needs a transform that does not exist here",
}


def function_of(value: Any) -> str | None:
    """`Ref`, `Fn::Sub`, … when a value is an intrinsic function, else `None`."""
    if isinstance(value, dict) and len(value) == 1:
        [key] = value
        if key == "Ref" or (isinstance(key, str) and key.startswith("Fn::")):
            return str(key)
    return None


@dataclass
class Resolver:
    """Resolves values of one template.

    Attributes:
        parameters: Every parameter's value; lists are already lists.
        stack: The stack's name.
        mappings: The template's `Mappings`.
        conditions: The template's `Conditions`, unresolved.
        lookup: Tells what resources are called.
    """

    parameters: dict[str, Any]
    stack: str
    region: str
    mappings: dict[str, Any]
    conditions: dict[str, Any]
    lookup: Lookup
    _known_conditions: dict[str, bool] = field(default_factory=dict)
    _open_conditions: list[str] = field(default_factory=list)

    @property
    def stack_id(self) -> str:
        """The stack's ARN."""
        return f"arn:aws:cloudformation:{self.region}:{ACCOUNT}:stack/{self.stack}/local"

    def resolve(self, value: Any) -> Any:
        """The value with every function replaced by its result.

        Raises:
            TemplateError: A function is used wrongly, or names what does not exist.
        """
        if isinstance(value, list):
            items = (self.resolve(item) for item in value)
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        name = function_of(value)
        if name is None:
            resolved = {key: self.resolve(item) for key, item in value.items()}
            return {key: item for key, item in resolved.items() if item is not NO_VALUE}
        return self._apply(name, value[name])

    def condition(self, name: str) -> bool:
        """Whether a condition holds.

        Raises:
            TemplateError: It does not exist, or depends on itself.
        """
        if name in self._known_conditions:
            return self._known_conditions[name]
        if name not in self.conditions:
            raise TemplateError(f"Condition {name} does not exist.")
        if name in self._open_conditions:
            raise TemplateError(f"Condition {name} depends on itself.")
        self._open_conditions.append(name)
        result = self._test(self.conditions[name])
        self._open_conditions.pop()
        self._known_conditions[name] = result
        return result

    def _apply(self, name: str, argument: Any) -> Any:
        if name in _REFUSED:
            raise UnsupportedTemplateError([f"{name}: {_REFUSED[name]}"])
        if name in {"Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not"}:
            return self._test({name: argument})
        method = _FUNCTIONS.get(name)
        if method is None:
            raise UnsupportedTemplateError([f"{name} is not known here"])
        try:
            return method(self, argument)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise TemplateError(f"{name} can't take {argument!r}: {error!r}") from error

    def _test(self, value: Any) -> bool:
        match value:
            case {"Condition": str(name)}:
                return self.condition(name)
            case {"Fn::Equals": [left, right]}:
                return _text(self.resolve(left)) == _text(self.resolve(right))
            case {"Fn::And": [*tests]} if tests:
                return all(self._test(test) for test in tests)
            case {"Fn::Or": [*tests]} if tests:
                return any(self._test(test) for test in tests)
            case {"Fn::Not": [test]}:
                return not self._test(test)
        raise TemplateError(f"{value!r} is no condition.")

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": [],
            "AWS::Partition": "aws",
            "AWS::Region": self.region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.stack,
            "AWS::URLSuffix": "amazonaws.com",
        }
        if name in pseudo:
            return pseudo[name]
        return self.parameters[name] if name in self.parameters else self.lookup(name, None)

    def _get_att(self, argument: Any) -> Any:
        logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        return self.lookup(logical_id, _text(self.resolve(attribute)))

    def _sub(self, argument: Any) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument

        def replace(match: re.Match[str]) -> str:
            literal, name = match[1], match[2].strip()
            if literal:
                return f"${{{match[2]}}}"
            if name in own:
                return _text(self.resolve(own[name]))
            return _text(self._get_att(name) if "." in name else self._ref(name))

        return _VARIABLE.sub(replace, text)

    def _join(self, argument: Any) -> str:
        delimiter, items = argument
        return str(delimiter).join(_text(item) for item in self._list(items))

    def _split(self, argument: Any) -> list[str]:
        delimiter, text = argument
        return _text(self.resolve(text)).split(delimiter)

    def _select(self, argument: Any) -> Any:
        index, items = int(self.resolve(argument[0])), self._list(argument[1])
        if index < 0:
            raise IndexError(index)
        return items[index]

    def _list(self, value: Any) -> list[Any]:
        items = self.resolve(value)
        if not isinstance(items, list):
            raise TypeError(f"{items!r} is no list")
        return items

    def _if(self, argument: Any) -> Any:
        name, yes, no = argument
        return self.resolve(yes if self.condition(name) else no)

    def _find_in_map(self, argument: Any) -> Any:
        name, first, second, *rest = (self.resolve(part) for part in argument)
        try:
            return self.mappings[name][_text(first)][_text(second)]
        except KeyError:
            if rest:
                return rest[0]["DefaultValue"]
            raise

    def _base64(self, argument: Any) -> str:
        return base64.b64encode(_text(self.resolve(argument)).encode()).decode()

    def _zones(self, argument: Any) -> list[str]:
        region = self.resolve(argument) or self.region
        return [f"{region}{letter}" for letter in "abc"]


_FUNCTIONS: dict[str, Callable[[Resolver, Any], Any]] = {
    "Ref": Resolver._ref,
    "Fn::GetAtt": Resolver._get_att,
    "Fn::Sub": Resolver._sub,
    "Fn::Join": Resolver._join,
    "Fn::Split": Resolver._split,
    "Fn::Select": Resolver._select,
    "Fn::If": Resolver._if,
    "Fn::FindInMap": Resolver._find_in_map,
    "Fn::Base64": Resolver._base64,
    "Fn::GetAZs": Resolver._zones,
}


def _text(value: Any) -> str:
    """A scalar as CloudFormation writes it into a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise TypeError(f"{value!r} is no text")


def references(value: Any) -> Iterator[str]:
    """Every name that a value refers to: resources and parameters, by `Ref`, `GetAtt`, `Sub`."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
        return
    if not isinstance(value, dict):
        return
    name = function_of(value)
    if name == "Ref":
        yield value["Ref"]
        return
    if name == "Fn::GetAtt":
        argument = value[name]
        yield argument.split(".", 1)[0] if isinstance(argument, str) else argument[0]
    elif name == "Fn::Sub":
        argument = value[name]
        text, own = (argument, {}) if isinstance(argument, str) else argument
        for match in _VARIABLE.finditer(text):
            variable = match[2].strip()
            if not match[1] and variable not in own:
                yield variable.split(".", 1)[0]
    for item in value.values():
        yield from references(item)
