"""Where an execution stands: its branches, and one visit to a state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windfall_local.workflows.definition import State
from windfall_local.workflows.documents import Document
from windfall_local.workflows.failures import QueryFailure, StateFailure
from windfall_local.workflows.queries import Template, bindable
from windfall_local.workflows.shapes import iso_time

if TYPE_CHECKING:
    from windfall_local.workflows.interpreter import Run
    from windfall_local.workflows.redrives import GoingOn


class Branch:
    """One line of states: the machine's own, a branch of a Parallel, an iteration of a Map.

    Args:
        path: Its place in the execution, the same in every run of it.
        previous: The id of the event that it begins after.
        variables: Those it can see; what it sets stays in it.
        replayed: While the execution only repeats what is recorded, the time that it is there;
            None as soon as it does something new.
        item: `$states.context.Map`, within a Map.
        drive: The redrive that it is in, by its number; below the execution's own while it repeats
            what an earlier one, or the start (0), has done.
    """

    __slots__ = ("drive", "item", "path", "previous", "replayed", "steps", "variables")

    def __init__(
        self,
        path: str,
        previous: int,
        variables: dict[str, Any],
        replayed: float | None,
        item: dict[str, Any] | None = None,
        drive: int = 0,
    ) -> None:
        self.path = path
        self.previous = previous
        self.variables = variables
        self.replayed = replayed
        self.item = item
        self.drive = drive
        self.steps = 0

    def fork(self, path: str, item: dict[str, Any] | None = None) -> Branch:
        """A branch that begins here and sees the same variables."""
        return Branch(
            path, self.previous, dict(self.variables), self.replayed, item or self.item, self.drive
        )


class Visit:
    """One state, entered once; retries stay within the visit.

    Args:
        run: The execution's run.
        state: The state.
        input: What it was entered with.
        branch: The line of states that it stands in.

    Attributes:
        attempt: The one that is made, from 0 and over all redrives.
        begun: Lines of states that this attempt has begun, in a Parallel or Map.
        repeats: Of these, the ones that were begun before a redrive.
    """

    __slots__ = (
        "_began_in",
        "_first",
        "at",
        "attempt",
        "begun",
        "branch",
        "entered",
        "input",
        "key",
        "repeats",
        "run",
        "state",
        "token",
    )  # fmt: skip

    def __init__(self, run: Run, state: State, input_: Document, branch: Branch) -> None:
        branch.steps += 1
        self.run = run
        self.state = state
        self.input = input_
        self.branch = branch
        self.key = f"{branch.path}/{branch.steps}"
        self.at = run.time(branch)
        self.attempt = self._first = 0
        self.begun = self.repeats = 0
        self.entered = 0
        self.token: str | None = None
        self._began_in = branch.drive

    @property
    def attempt_key(self) -> str:
        """The key of this attempt at the state."""
        return f"{self.key}#{self.attempt}"

    def note(self, kind: str, *details: Any) -> int:
        """Note an event that follows the branch's last one."""
        return self.run.note(self.branch, kind, *details)

    def note_query_failure(self, failure: QueryFailure) -> StateFailure:
        """Note that an expression failed; the failure as the state fails with it."""
        cause = (
            f"An error occurred while executing the state '{self.state.name}' "
            f"(entered at the event id #{self.entered}). {failure.cause}"
        )
        self.note("EvaluationFailed", failure.error, cause, failure.location, self.state.name)
        return StateFailure(failure.error, cause)

    def go_on(self, standing: GoingOn) -> None:
        """Take up what stood still before a redrive; retries are counted anew."""
        self.attempt = self._first = standing.attempt
        self.begun = self.repeats = standing.begun
        self.branch.drive = standing.drive

    def try_again(self) -> None:
        """Begin the next attempt."""
        self.attempt += 1
        self.begun = self.repeats = 0

    def fork(self, place: str, index: int, item: dict[str, Any] | None = None) -> Branch:
        """One of the lines of states of this attempt."""
        child = self.branch.fork(f"{self.attempt_key}{place}", item)
        if index < self.repeats:
            child.drive = self._began_in
        return child

    def context(self, item: dict[str, Any] | None = None) -> dict[str, Any]:
        """`$states.context`, the context object."""
        state: dict[str, Any] = {"EnteredTime": iso_time(self.at), "Name": self.state.name}
        if self.attempt > self._first:
            state["RetryCount"] = self.attempt - self._first
        context = {**self.run.contexts[self.branch.drive], "State": state}
        if item is not None or self.branch.item is not None:
            context["Map"] = item or self.branch.item
        if self.token is not None:
            context["Task"] = {"Token": self.token}
        return context

    def bindings(
        self,
        *,
        result: Document | None = None,
        failure: StateFailure | None = None,
        item: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The variables of an expression in this state."""
        states = {
            "input": bindable(self.input.value, self.input.text),
            "context": self.context(item),
        }
        if result is not None:
            states["result"] = bindable(result.value, result.text)
        if failure is not None:
            states["errorOutput"] = failure.output()
        return {**self.branch.variables, "states": states}

    def evaluate(
        self,
        template: Template,
        bindings: dict[str, Any],
        expected: str | None = None,
        slot: str = "",
    ) -> Any:
        """A field's value; of a field with chance or time in it, the one of the first run.

        Args:
            template: The field.
            bindings: Its variables.
            expected: The JSON type that it must have.
            slot: Tells evaluations of one field in one attempt apart.
        """
        if not template.volatile:
            if expected is not None:
                return template.evaluate_as(expected, bindings)
            return template.evaluate(bindings)
        key = f"{self.attempt_key}={template.location}{slot}"
        record = self.run.ledger.get(key)
        if record is not None:
            return record.value
        if expected is not None:
            value = template.evaluate_as(expected, bindings)
        else:
            value = template.evaluate(bindings)
        self.run.ledger.put(key, self.run.time(self.branch), value)
        return value
