"""How a state fails.

    StateFailure             an error name and a cause: what Retry and Catch see
    └── QueryFailure         a JSONata expression or its result is wrong, and where

Error names are AWS's: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from collections.abc import Iterable

TIMEOUT = "States.Timeout"
RUNTIME = "States.Runtime"
DATA_LIMIT = "States.DataLimitExceeded"
QUERY = "States.QueryEvaluationError"
THRESHOLD = "States.ExceedToleratedFailureThreshold"

# States.ALL and States.TaskFailed do not match these.
_TERMINAL = frozenset({DATA_LIMIT, RUNTIME})


class StateFailure(Exception):  # noqa: N818  # the field's word: a state fails, an API errs
    """A state failed.

    Args:
        error: The error's name, as `ErrorEquals` names it.
        cause: What a person, or a program, reads about it.
        alias: A second name that `ErrorEquals` may use for it.
    """

    def __init__(self, error: str, cause: str | None = None, *, alias: str | None = None) -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause
        self.alias = alias

    def matches(self, names: Iterable[str]) -> bool:
        """Whether a Retry or Catch with these names takes the failure."""
        if self.error == RUNTIME:
            return False
        for name in names:
            if name in (self.error, self.alias):
                return True
            if name == "States.ALL" and self.error not in _TERMINAL:
                return True
            if name == "States.TaskFailed" and self.error not in (*_TERMINAL, TIMEOUT):
                return True
        return False

    def output(self) -> dict[str, str]:
        """The error output: `$states.errorOutput`."""
        if self.cause is None:
            return {"Error": self.error}
        return {"Error": self.error, "Cause": self.cause}


class QueryFailure(StateFailure):
    """An expression failed, or its result has the wrong type.

    Args:
        cause: What is wrong, with the expression and its field.
        location: The field within the state, `Arguments/Payload/id`.
    """

    def __init__(self, cause: str, location: str) -> None:
        super().__init__(QUERY, cause)
        self.location = location
