"""Real models behind Protocols. An engine knows no AWS and no HTTP, and never makes an answer up.

EngineError
├── EngineUnavailableError    its files or packages are not there; the message names the remedy
├── EngineDiedError           its process died; the next call starts a new one
├── UnsupportedFeatureError   this engine can't do that (a language, an operation), by name
└── InvalidMediaError         the input can't be read (broken image, empty sound)
"""


class EngineError(Exception):
    """An engine gave no answer."""


class EngineUnavailableError(EngineError):
    """The engine's model files or packages are missing; the message says how to get them."""


class EngineDiedError(EngineError):
    """The engine's process died; it starts again with the next call."""


class UnsupportedFeatureError(EngineError):
    """The engine can't do what was asked, by name."""


class InvalidMediaError(EngineError):
    """The input can't be read as what it was said to be."""
