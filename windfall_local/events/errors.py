"""What the event parts raise among themselves.

ValueError
├── InvalidPatternError    an event pattern that EventBridge refuses
├── InvalidScheduleError   a rate() or cron() expression that it refuses
└── InvalidInputError      an input path or template that it refuses
"""

from __future__ import annotations


class InvalidPatternError(ValueError):
    """An event pattern that EventBridge refuses; the message is its reason."""


class InvalidScheduleError(ValueError):
    """A schedule expression that EventBridge refuses."""


class InvalidInputError(ValueError):
    """A target's input path or input template that EventBridge refuses."""
