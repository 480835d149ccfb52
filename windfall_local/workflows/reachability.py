"""Whether a block's states lead to each other: no dead ends, no strays."""

from __future__ import annotations

from collections.abc import Iterator

from windfall_local.workflows.definition import (
    ChoiceState,
    FailState,
    State,
    SucceedState,
    WorkState,
)
from windfall_local.workflows.fields import Problems


def targets(state: State) -> Iterator[tuple[str, str]]:
    """Where a state may lead: the field that says so, and the state's name."""
    if state.next is not None:
        yield ("Default" if isinstance(state, ChoiceState) else "Next"), state.next
    if isinstance(state, ChoiceState):
        for index, choice in enumerate(state.choices):
            yield f"Choices[{index}]/Next", choice.next
    if isinstance(state, WorkState):
        for index, catcher in enumerate(state.catch):
            yield f"Catch[{index}]/Next", catcher.next


def _is_end(state: State) -> bool:
    if isinstance(state, SucceedState | FailState):
        return True
    return state.next is None and not isinstance(state, ChoiceState)


def check_flow(path: str, start: str, states: dict[str, State], problems: Problems) -> None:
    """Note transitions to states that are not there, states that nothing leads to, no end."""
    if start not in states:
        problems.add(f"{path}/StartAt", f"There is no state '{start}'", "MISSING_TRANSITION_TARGET")
        return
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        for field, target in targets(states[name]):
            if target in states:
                waiting.append(target)
            else:
                problems.add(
                    f"{path}/States/{name}/{field}",
                    f"There is no state '{target}'",
                    "MISSING_TRANSITION_TARGET",
                )
    for name in states:
        if name not in reached:
            problems.add(
                f"{path}/States/{name}",
                f"State '{name}' is not reachable.",
                "MISSING_TRANSITION_TARGET",
            )
    if not any(_is_end(state) for state in states.values()):
        problems.add(f"{path}/States", "No terminal state was found", "NO_TERMINAL_STATE")
