"""From method, path and query of a REST request to its operation, by botocore's model.

Operations that share a path are told apart as AWS does it: by fixed query names (`?acl`), by
query names and headers that the operation requires (`uploadId`, `x-amz-copy-source`). The
operation with the most such marks goes first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from windfall_local.wire.message import HttpRequest
from windfall_local.wire.models import service_model

_LABEL = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """How requests of one operation look."""

    operation: str
    fixed: tuple[tuple[str, str | None], ...]
    headers: tuple[str, ...]
    deprecated: bool

    def accepts(self, request: HttpRequest) -> bool:
        """Whether the request bears every mark of the operation."""
        arguments = request.arguments
        for name, value in self.fixed:
            if name not in arguments or (value is not None and arguments[name] != value):
                return False
        return all(name in request.headers for name in self.headers)


@dataclass(frozen=True, slots=True)
class _Path:
    pattern: re.Pattern[str]
    labels: tuple[str, ...]
    routes: tuple[Route, ...]


def match_route(service: str, request: HttpRequest) -> tuple[str, dict[str, str]] | None:
    """The operation of a REST request and its path's labels, decoded; None when there is none."""
    for path in _paths(service).get(request.method, ()):
        match = path.pattern.fullmatch(request.path)
        if match is None:
            continue
        for route in path.routes:
            if route.accepts(request):
                values = (unquote(value, errors="surrogateescape") for value in match.groups())
                return route.operation, dict(zip(path.labels, values, strict=True))
    return None


@cache
def _paths(service: str) -> dict[str, tuple[_Path, ...]]:
    """By method, the service's paths; the most specific first."""
    grouped: dict[tuple[str, str], list[Route]] = {}
    model = service_model(service)
    for name in model.operation_names:
        http = model.operation_model(name).http
        template, _, query = http["requestUri"].partition("?")
        grouped.setdefault((http["method"], template), []).append(_route(service, name, query))
    by_method: dict[str, list[tuple[tuple[int, int], _Path]]] = {}
    for (method, template), routes in grouped.items():
        routes.sort(key=lambda route: (-len(route.fixed) - len(route.headers), route.deprecated))
        by_method.setdefault(method, []).append(
            (_rank(template), _Path(*_compile(template), tuple(routes)))
        )
    return {
        method: tuple(path for _, path in sorted(paths, key=lambda pair: pair[0]))
        for method, paths in by_method.items()
    }


def _rank(template: str) -> tuple[int, int]:
    labels = len(_LABEL.findall(template))
    return labels, -template.count("/")


def _compile(template: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    pattern, position = "", 0
    labels = []
    for match in _LABEL.finditer(template):
        pattern += re.escape(template[position : match.start()])
        label = match.group(1)
        greedy = label.endswith("+")
        pattern += "(.+)" if greedy else "([^/]+)"
        labels.append(label.rstrip("+"))
        position = match.end()
    pattern += re.escape(template[position:].rstrip("/"))
    # A slash at the end belongs to a greedy label (an S3 key), and means nothing elsewhere.
    return re.compile(pattern + "/?" if not pattern.endswith("(.+)") else pattern, re.S), tuple(
        labels
    )


def _route(service: str, operation: str, query: str) -> Route:
    model = service_model(service).operation_model(operation)
    fixed: dict[str, str | None] = {}
    for part in filter(None, query.split("&")):
        name, has_value, value = part.partition("=")
        fixed[name] = value if has_value else None
    headers = []
    shape = model.input_shape
    for member in shape.required_members if shape is not None else ():
        serialization = shape.members[member].serialization
        name = serialization.get("name", member)
        if serialization.get("location") == "querystring":
            fixed.setdefault(name, None)
        elif serialization.get("location") == "header":
            headers.append(name.lower())
    return Route(operation, tuple(fixed.items()), tuple(headers), model.deprecated)
