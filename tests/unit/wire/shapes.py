"""Values of any shape of botocore's models, drawn by hypothesis."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from botocore.model import Shape
from hypothesis import strategies as st

# XML 1.0 has no place for control characters; neither do headers.
_CHARACTERS = st.characters(codec="utf-8", exclude_categories=["C", "Z"])
_MOMENTS = st.datetimes(
    datetime(1990, 1, 1),
    datetime(2090, 1, 1),
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))


def values(shape: Shape, *, depth: int = 4) -> st.SearchStrategy[Any]:
    """Values that botocore accepts for a shape; recursive shapes end after some levels."""
    kind = shape.type_name
    if kind == "structure":
        return _structures(shape, depth)
    if kind == "list":
        return st.lists(values(shape.member, depth=depth - 1), min_size=1, max_size=2)
    if kind == "map":
        names = _texts(shape.key, "abcdefghijklmnopqrstuvwxyz")
        return st.dictionaries(names, values(shape.value, depth=depth - 1), min_size=1, max_size=2)
    if kind == "string":
        return _texts(shape)
    if kind == "blob":
        return st.binary(max_size=20)
    if kind == "timestamp":
        return _MOMENTS
    if kind in ("integer", "long"):
        return st.integers(max(int(shape.metadata.get("min", 0)), 0), 2**31 - 1)
    if kind in ("float", "double"):
        return st.floats(max(float(shape.metadata.get("min", 0)), 1), 1024, width=32)
    return st.booleans()


def _texts(shape: Shape, alphabet: Any = _CHARACTERS) -> st.SearchStrategy[str]:
    least = max(int(shape.metadata.get("min", 1)), 1)
    return st.text(alphabet, min_size=least, max_size=least + 8)


def _structures(shape: Shape, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    required = {
        name: values(shape.members[name], depth=depth - 1)
        for name in shape.metadata.get("required", ())
    }
    if getattr(shape, "is_tagged_union", False):
        name, member = next(iter(shape.members.items()))
        return st.fixed_dictionaries({name: values(member, depth=depth - 1)})
    if not required and shape.members:
        # The query protocol and XML cannot write an empty structure.
        name = next((n for n, m in shape.members.items() if _is_scalar(m)), None)
        name = name or next(iter(shape.members))
        required = {name: values(shape.members[name], depth=depth - 1)}
    optional = {}
    if depth > 0:
        optional = {
            name: values(member, depth=depth - 1)
            for name, member in shape.members.items()
            if name not in required and not member.serialization.get("eventstream")
        }
    return st.fixed_dictionaries(required, optional=optional)


def _is_scalar(shape: Shape) -> bool:
    return shape.type_name not in ("structure", "list", "map")
