"""The stores' state in plain values, so that two of them can be compared."""

from __future__ import annotations

import threading
from typing import Any

from windfall_local.mirror.snapshot import pickled
from windfall_local.stores.stores import Stores

_LOCKS = (type(threading.Lock()), type(threading.RLock()), threading.Condition)
# Every process has its own: keys of SNS's signatures, ids that are no part of the state, and how
# often an object was looked at.
_OWN = {"_id", "_message_public_keys", "_tick", "aws_managed_policies"}
_AWS_POLICIES = "arn:aws:iam::aws:policy/"  # a thousand, always the same


def described(stores: Stores) -> dict[str, Any]:
    """Everything that the stores hold."""
    return {service: _plain(accounts, ()) for service, accounts in stores.state().items()}


def _plain(thing: Any, within: tuple[int, ...]) -> Any:
    if thing is None or isinstance(thing, str | bytes | int | float | bool):
        return thing
    if id(thing) in within:
        return f"around: {type(thing).__name__}"
    if isinstance(thing, type) or callable(thing):
        return getattr(thing, "__qualname__", type(thing).__name__)
    if isinstance(thing, _LOCKS):
        return "lock"
    within = (*within, id(thing))
    if isinstance(thing, dict):
        items = dict.items(thing)
        own = {
            repr(_plain(key, within)): _plain(value, within)
            for key, value in items
            if not str(key).startswith(_AWS_POLICIES)
        }
        return own | _attributes(thing, within)
    if isinstance(thing, list | tuple):
        return [_plain(one, within) for one in thing]
    if isinstance(thing, set | frozenset):
        return sorted(repr(_plain(one, within)) for one in thing)
    return _attributes(thing, within) or pickled({"": thing})


def _attributes(thing: Any, within: tuple[int, ...]) -> dict[str, Any]:
    found = getattr(thing, "__dict__", {})
    return {f".{name}": _plain(value, within) for name, value in found.items() if name not in _OWN}


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two described states differ, for people."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted({*one, *other})
        return [
            found
            for name in names
            for found in differences(one.get(name), other.get(name), f"{path}/{name}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [found for n, pair in pairs for found in differences(*pair, f"{path}/{n}")]
    return [] if one == other else [f"{path}: {one!r:.200} and {other!r:.200}"]


def released(state: Any) -> Any:
    """A described state as a start finds it: whoever had received a message is gone."""
    if isinstance(state, dict):
        pending = {"._pending_messages": [], ".visible_at": 0.0}
        return {name: pending.get(name, released(value)) for name, value in state.items()}
    return [released(one) for one in state] if isinstance(state, list) else state
