"""Has Translate translate a folder, and leaves; its end is told by resume_job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from windfall import identity
from windfall.contracts.base import OutputLocation
from windfall.contracts.jobs import JobId
from windfall.errors import InvalidInputError
from windfall.keys import TRANSLATIONS_PREFIX, translation_prefix
from windfall.ports.jobs import FolderRequest, FolderTranslation

if TYPE_CHECKING:
    from windfall.contracts.translations import TranslateFolderTask
    from windfall.rendezvous import Rendezvous

_EXPECTED = timedelta(hours=1)
"""AWS speaks of minutes for a small folder, and of two days for a very large one."""


@dataclass(frozen=True, slots=True)
class FolderTranslator:
    """Begins translations of folders.

    Attributes:
        bucket: The results bucket.
    """

    translation: FolderTranslation
    rendezvous: Rendezvous
    bucket: str

    def begin(self, task: TranslateFolderTask) -> str:
        """Start the job, or find it by its token, and park the task's.

        Raises:
            InvalidInputError: Translate does not take the folder.
            UnsupportedError: It does not translate between these languages, here or at all.
            TransientError: Try again; the job that is there is found.
        """
        asked = task.request
        if asked.bucket == self.bucket and asked.prefix.startswith(TRANSLATIONS_PREFIX):
            raise InvalidInputError("The folder holds translations; they are not translated again.")
        name = identity.translation_id(asked.model_dump(mode="json"))
        request = FolderRequest(
            name=name,
            source=OutputLocation(bucket=asked.bucket, prefix=asked.prefix),
            output=OutputLocation(bucket=self.bucket, prefix=translation_prefix(name)),
            content_type=asked.content_type.value,
            language=asked.source,
            targets=tuple(asked.targets),
            terminology=asked.terminology,
        )
        # Translate's event names its own id only, so that is the job's name in the row. To start
        # before that is harmless: the token makes the same again the same job.
        job = self.translation.start(request)
        return self.rendezvous.submit(
            JobId("translate", job), task.token, lambda: job, expected=_EXPECTED
        )
