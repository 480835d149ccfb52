"""What holds for every test: none fails by the machine, its user, or the luck of a draw.

`pytest --hypothesis-profile=untimed` draws other examples each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("untimed"), derandomize=True)
settings.load_profile("repeatable")

_TERMINAL = ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
_ENGINES = ("WINDFALL_CTRANSLATE2_DIR", "WINDFALL_GALLERY", "WINDFALL_WHISPER_DIR")


def _forget_the_user() -> None:
    """What is set for the user's own eyes, engines, account and proxy changes no test."""
    for name in (*_TERMINAL, *_ENGINES):
        os.environ.pop(name, None)
    if "WINDFALL_TEST_STACK" in os.environ:
        return  # It is reached with just the rest.
    for name in list(os.environ):
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


_forget_the_user()
