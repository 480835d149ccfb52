"""How a folder's translation ended: its manifest in S3, and the word of it on the bus."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from windfall import identity
from windfall.contracts.base import S3Pointer
from windfall.contracts.translations import FolderTranslated, TranslationManifest
from windfall.errors import ConflictError, TransientError
from windfall.keys import translation_prefix

if TYPE_CHECKING:
    from windfall.contracts.translations import FolderTranslationRequested
    from windfall.ports.collaborators import EventBus
    from windfall.ports.storage import ObjectStore

_JSON = "application/json"
_LONGEST_REASON = 1_000


@dataclass(frozen=True, slots=True)
class FolderRecorder:
    """Records the ends of translations.

    Attributes:
        bucket: The results bucket.
    """

    store: ObjectStore
    bus: EventBus
    bucket: str

    def record(self, manifest: TranslationManifest) -> FolderTranslated:
        """Write the manifest, then tell the bus; the same again is harmless.

        Raises:
            TransientError: S3 or the bus can not take it now.
        """
        place = self._place(manifest.translation_id)
        body = manifest.model_dump_json(indent=1).encode()
        written = self.store.write(place.bucket, place.key, body, _JSON)
        return self._tell(manifest, written)

    def fail(self, request: FolderTranslationRequested, reason: str) -> FolderTranslated:
        """Record that nothing came of a request; translations that are recorded stand.

        Who asked again, or was only not told, hears of those once more.

        Raises:
            TransientError: S3 or the bus can not answer now, or somebody records another end at
                this moment; the same again is harmless.
        """
        name = identity.translation_id(request.model_dump(mode="json"))
        place = self._place(name)
        known, etag = self._known(place)
        if known is not None and known.status != "failed":
            return self._tell(known, place)
        failed = TranslationManifest(
            translation_id=name, request=request, status="failed", reason=reason[:_LONGEST_REASON]
        )
        body = failed.model_dump_json(indent=1).encode()
        try:
            written = self.store.write_if(place.bucket, place.key, body, _JSON, etag)
        except ConflictError as error:
            raise TransientError("Another end was recorded meanwhile.") from error
        return self._tell(failed, written)

    def _known(self, place: S3Pointer) -> tuple[TranslationManifest | None, str | None]:
        """The manifest that is there, and its ETag."""
        if self.store.find(place) is None:
            return None, None
        with closing(self.store.open(place)) as opened:
            body = b"".join(opened.chunks())
        return TranslationManifest.model_validate_json(body), opened.head.etag

    def fail_once(
        self, request: FolderTranslationRequested, reason: str, execution: str
    ) -> FolderTranslated | None:
        """The same for the end of an execution, which may be heard of again; None then.

        By then somebody may have asked again, and must not be told the old end.

        Raises:
            TransientError: As `fail`.
        """
        name = identity.translation_id(request.model_dump(mode="json"))
        key = f"{translation_prefix(name)}told.{execution}"
        if self.store.find(S3Pointer(bucket=self.bucket, key=key)) is not None:
            return None
        told = self.fail(request, reason)
        self.store.write(self.bucket, key, told.status.encode(), "text/plain")
        return told

    def _place(self, translation_id: str) -> S3Pointer:
        key = f"{translation_prefix(translation_id)}manifest.json"
        return S3Pointer(bucket=self.bucket, key=key)

    def _tell(self, manifest: TranslationManifest, place: S3Pointer) -> FolderTranslated:
        request = manifest.request
        event = FolderTranslated(
            translation_id=manifest.translation_id,
            request=request.request,
            bucket=request.bucket,
            prefix=request.prefix,
            status=manifest.status,
            reason=manifest.reason,
            translations=len(manifest.documents),
            failed=sum(one.translation is None for one in manifest.documents),
            manifest=place,
        )
        self.bus.publish(event)
        return event
