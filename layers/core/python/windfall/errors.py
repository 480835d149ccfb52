"""Every error that leaves a function of Windfall, as one closed tree.

    WindfallError
    ├── InvalidInputError       the caller's data or settings are wrong; never retried
    ├── NotFoundError           what was named does not exist (any more); never retried
    ├── ConflictError           somebody else changed it first; read again and decide anew
    ├── TransientError          the service is busy or broken for now; retried
    │   └── WorkContinuesError  time ran out, progress is saved; retried at once, many times
    ├── QuotaExceededError      an account's limit is reached; retried later
    │   └── SlotAwaitedError    as many jobs run as may; the task waits for its turn
    ├── UnsupportedError        this service, region or local engine can not do it; skipped
    └── UnansweredError         a call may have been paid for, and is not made twice; never retried

A state machine's `ErrorEquals` and a queue's redelivery match these exact class names, so adding
a class here is a change to every machine. Anything else that leaves a function is a bug.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windfall.contracts.outcome import ServiceCall


class WindfallError(Exception):
    """The root; never raised itself."""


class InvalidInputError(WindfallError):
    """The data or the settings are wrong; the message says what, in words a person understands.

    Attributes:
        paid: What was paid for all the same, such as a job that failed.
    """

    def __init__(self, message: str = "", *, paid: Sequence[ServiceCall] = ()) -> None:
        super().__init__(message)
        self.paid = paid


class NotFoundError(WindfallError):
    """What was named does not exist, or not any more."""


class ConflictError(WindfallError):
    """A condition no longer held when it was written; read again and decide anew."""


class TransientError(WindfallError):
    """The service can not answer now but will; try again with backoff.

    Attributes:
        is_refusal: Nothing was done for certain; false where that is not known.
    """

    def __init__(self, message: str = "", *, is_refusal: bool = False) -> None:
        super().__init__(message)
        self.is_refusal = is_refusal


class WorkContinuesError(TransientError):
    """The function ran out of time and saved its progress; the next try goes on from there."""


class QuotaExceededError(WindfallError):
    """A limit of the account or the service is reached; try again later."""


class SlotAwaitedError(QuotaExceededError):
    """As many jobs run as the service takes at a time; the message is the name of the job."""


class UnsupportedError(WindfallError):
    """This service, region or local engine can not do it; the message names the remedy."""


class UnansweredError(WindfallError):
    """A call may have been paid for, nobody has its answer, and it is not to be made twice."""
