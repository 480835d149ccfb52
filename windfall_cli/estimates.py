"""Estimating files that lie on this machine or in S3: nothing is dropped, nothing is paid for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.sagemaker import SageMakerModels
from windfall.adapters.ssm import SsmProfiles
from windfall.contracts.base import S3Pointer
from windfall.contracts.estimate import Estimate
from windfall.errors import InvalidInputError, NotFoundError
from windfall.estimating.files import Estimator
from windfall.planning.files import FilePlanner
from windfall.planning.profiles import InvalidProfileError, Overrides
from windfall.ports.collaborators import Profiles
from windfall.ports.storage import ObjectHead, ObjectReader, OpenObject
from windfall.preflight.inspection import inspect
from windfall.pricing import PriceList
from windfall_cli.errors import CommandError
from windfall_cli.stack import Stack

HERE = ""
"""The bucket of files on this machine: no bucket is called so."""
_CHUNK = 1 << 20
_UNTOLD = "binary/octet-stream"
"""What S3 makes of a file that is put without a media type, as `windfall drop` puts it."""


class Place(NamedTuple):
    """A file, and the key that it has, or would have in the inbox."""

    pointer: S3Pointer
    key: str


class Estimated(NamedTuple):
    """A file with its estimate, or the reason why it would be rejected."""

    key: str
    estimate: Estimate | None
    reason: str | None = None


class _OpenFile:
    """A file of this machine that is being read."""

    def __init__(self, path: Path) -> None:
        self.head = ObjectHead(
            pointer=S3Pointer(bucket=HERE, key=str(path)),
            size=path.stat().st_size,
            etag="",
            media_type=_UNTOLD,
            metadata={},
        )
        self._stream: IO[bytes] = path.open("rb")

    def chunks(self) -> Iterator[bytes]:
        """The bytes, a megabyte at a time."""
        while chunk := self._stream.read(_CHUNK):
            yield chunk

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


@dataclass(frozen=True, slots=True)
class _Files:
    """Files of this machine, and what lies in S3 beside them.

    Attributes:
        remote: None where there is no stack.
    """

    remote: ObjectReader | None

    def open(self, pointer: S3Pointer) -> OpenObject:
        """Begin to read."""
        if pointer.bucket == HERE:
            return _OpenFile(Path(pointer.key))
        return self._remote(pointer).open(pointer)

    def read(self, pointer: S3Pointer) -> bytes:
        """The whole file."""
        if pointer.bucket == HERE:
            return Path(pointer.key).read_bytes()
        return self._remote(pointer).read(pointer)

    def read_range(self, pointer: S3Pointer, start: int, end: int) -> bytes:
        """The bytes from `start` to before `end`."""
        if pointer.bucket != HERE:
            return self._remote(pointer).read_range(pointer, start, end)
        with Path(pointer.key).open("rb") as stream:
            stream.seek(start)
            return stream.read(end - start)

    def _remote(self, pointer: S3Pointer) -> ObjectReader:
        if self.remote is None:
            raise NotFoundError(f"s3://{pointer.bucket} can not be read without a stack")
        return self.remote


class _NoStack:
    """Profiles, endpoints and models where there is no stack: none."""

    def find(self, name: str) -> str | None:
        """No profile: the default one has its defaults."""
        del name
        return None

    def forget(self, age: float) -> None:
        """Nothing was read."""

    def endpoint_version(self, endpoint: str, *, asynchronous: bool) -> str:
        """No endpoint."""
        del asynchronous
        raise NotFoundError(f"there is no stack to ask for the endpoint {endpoint!r}")

    def model_version(self, model: str) -> str:
        """No model."""
        raise NotFoundError(f"there is no stack to ask for the model {model!r}")


class FileEstimator:
    """Estimates files by the profiles of a stack, or by the default one without a stack.

    Args:
        stack: Whose profiles, Region and buckets they are.
        request: What is asked for instead of the profile.
    """

    def __init__(self, stack: Stack | None, request: Overrides) -> None:
        none = _NoStack()
        profiles: Profiles = none
        if stack is not None:
            profiles = SsmProfiles(stack.output("ProfilesPath"), client=stack.client("ssm"))
        models = none if stack is None else SageMakerModels(client=stack.client("sagemaker"))
        self._store = _Files(None if stack is None else S3ObjectStore(stack.client("s3")))
        self._planner = FilePlanner(self._store, profiles, models)
        region = "us-east-1" if stack is None else stack.region
        self._estimator = Estimator(PriceList.of_region(region))
        self._request = request

    def estimate(self, places: Iterable[Place]) -> Iterator[Estimated]:
        """Estimate files one by one."""
        return map(self._estimate, places)

    def _estimate(self, place: Place) -> Estimated:
        try:
            source = self._store.open(place.pointer)
            with closing(source):
                choice = self._planner.choose(place.key, source.head.metadata, self._request)
                with self._planner.look(source, place.key) as snapshot:
                    inspection = inspect(snapshot, place.key, choice.tables)
                    plan = self._planner.plan(inspection, choice, snapshot.size)
                    found = self._estimator.estimate(choice.name, plan, inspection, snapshot)
        except OSError as error:
            raise CommandError(f"{place.pointer.key} can not be read: {error.strerror}") from error
        except (InvalidInputError, NotFoundError, InvalidProfileError) as error:
            return Estimated(place.key, None, str(error))
        return Estimated(place.key, found)
