"""Amazon EventBridge: the application's own bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import store_client
from windfall.contracts.bus import SOURCE, FileEvent
from windfall.errors import TransientError

if TYPE_CHECKING:
    from windfall.contracts.translations import FolderTranslated


class EventBridgeBus:
    """Puts events on a bus.

    Args:
        bus: The bus's name or ARN.
    """

    def __init__(self, bus: str) -> None:
        self._bus = bus

    def publish(self, event: FileEvent | FolderTranslated) -> None:
        """Put one event; PutEvents answers HTTP 200 even when it did not take it."""
        entry = {
            "EventBusName": self._bus,
            "Source": SOURCE,
            "DetailType": type(event).__name__,
            "Detail": event.model_dump_json(),
        }
        with translated_errors():
            answer = store_client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            failed = answer["Entries"][0]
            code, message = failed.get("ErrorCode"), failed.get("ErrorMessage")
            raise TransientError(f"PutEvents did not take the event: {message} ({code})")
