"""Folders that are asked for in another language, and what their asker hears and finds."""

from __future__ import annotations

from collections.abc import Iterable

from bench.chaos.supplies import Supplies
from tests.e2e.deployment import until
from tests.e2e.listener import Listener
from windfall import identity, keys
from windfall.contracts.translations import FolderTranslationRequested, TranslationManifest


class Folders:
    """Asks for folders, and waits until their ends are told on the bus.

    Args:
        supplies: Makes them.
        seconds: How long is waited.
    """

    def __init__(self, supplies: Supplies, seconds: float) -> None:
        self._supplies = supplies
        self._seconds = seconds
        self._asked: dict[str, FolderTranslationRequested] = {}

    def ask_for(self, count: int) -> None:
        """Ask for some."""
        requests = [self._supplies.folder(number) for number in range(count)]
        self._asked |= {_id(request): request for request in requests}
        self._ask(self._asked)

    def ask_again(self) -> None:
        """Ask for those that are not translated, as somebody does who heard that they failed."""
        self._ask(self.not_translated())

    def not_translated(self) -> dict[str, str | None]:
        """Those whose manifest says so, with its reason."""
        found = {name: self._manifest(name) for name in self._asked}
        return {name: one.reason for name, one in found.items() if one.status != "translated"}

    def _ask(self, names: Iterable[str]) -> None:
        waiting = set(names)
        if not waiting:
            return
        deployment = self._supplies.deployment
        listener = Listener(deployment)
        listener.listen(
            deployment.output("EventBusName"),
            {"source": ["windfall"], "detail-type": ["FolderTranslated"]},
        )
        for name in sorted(waiting):
            self._supplies.ask(self._asked[name])

        def all_told() -> bool:
            heard = listener.heard(lambda event: event["detail"]["translation_id"] in waiting)
            return {event["detail"]["translation_id"] for event in heard} == waiting

        until(all_told, "the ends of folders", self._seconds)
        # Nobody reads its queue from now on, and what is in a queue counts as left behind.
        listener.close()

    def _manifest(self, name: str) -> TranslationManifest:
        body = self._supplies.deployment.read(f"{keys.translation_prefix(name)}manifest.json")
        return TranslationManifest.model_validate_json(body)


def _id(request: FolderTranslationRequested) -> str:
    return identity.translation_id(request.model_dump(mode="json"))
