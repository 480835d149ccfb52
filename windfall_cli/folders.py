"""Folders of documents for `windfall translate`: sorted by type, put where Translate may read.

A batch job takes documents of one type. A folder of several types becomes a request for each; what
no job takes is named.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from botocore.exceptions import ClientError

from windfall.contracts.translations import DocumentType, FolderTranslationRequested
from windfall.keys import FOLDERS_PREFIX
from windfall_cli.errors import CommandError
from windfall_cli.stack import Stack

UPLOADS_AT_ONCE = 8

TYPES: Mapping[str, DocumentType] = {
    ".txt": DocumentType.TEXT,
    ".text": DocumentType.TEXT,
    ".md": DocumentType.TEXT,
    ".html": DocumentType.HTML,
    ".htm": DocumentType.HTML,
    ".docx": DocumentType.WORD,
    ".pptx": DocumentType.SLIDES,
    ".xlsx": DocumentType.SHEETS,
    ".xlf": DocumentType.XLIFF,
    ".xliff": DocumentType.XLIFF,
}
"""What a document is, by the ending of its name: Translate goes by what it is told."""

_PLACE = re.compile(r"s3://(?P<bucket>[a-z0-9.-]{3,63})/(?P<prefix>.*[^/])/?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a folder.

    Attributes:
        name: Its path below the folder.
        mark: Its bytes, as a digest or an ETag.
        source: A file, or a bucket and key.
    """

    name: str
    mark: str
    source: Path | tuple[str, str]

    @property
    def type(self) -> DocumentType | None:
        """What it is; None for what Translate's batch jobs do not take."""
        return TYPES.get(PurePosixPath(self.name).suffix.lower())


@dataclass(frozen=True, slots=True)
class Folder:
    """Documents by type, and the names of what no job takes."""

    name: str
    documents: Mapping[DocumentType, Sequence[Document]]
    left: Sequence[str]
    place: tuple[str, str] | None = None

    @property
    def mark(self) -> str:
        """The same documents have the same mark, wherever they lie."""
        found = sorted((one.name, one.mark) for all_ in self.documents.values() for one in all_)
        return hashlib.sha256(repr(found).encode()).hexdigest()[:12]


def find_folder(stack: Stack, place: str) -> Folder:
    """The documents below a folder of this machine, or below `s3://bucket/prefix`.

    Raises:
        CommandError: There is no such folder, or nothing in it that Translate takes.
    """
    in_s3 = None
    if place.startswith("s3://"):
        match = _PLACE.fullmatch(place)
        if match is None:
            raise CommandError(f"{place!r} is no folder in S3.", "Write it as s3://bucket/prefix")
        in_s3 = (match["bucket"], f"{match['prefix']}/")
        documents = list(_listed(stack, *in_s3))
        name = PurePosixPath(match["prefix"]).name
    else:
        path = Path(place)
        if not path.is_dir():
            raise CommandError(f"{place} is not a folder.", "Name a folder, or s3://bucket/prefix")
        documents = list(_read(path))
        name = path.resolve().name
    sorted_: dict[DocumentType, list[Document]] = defaultdict(list)
    for one in documents:
        if one.type is not None:
            sorted_[one.type].append(one)
    if not sorted_:
        raise CommandError(
            f"There is nothing to translate in {place}.", f"It takes {', '.join(TYPES)}"
        )
    return Folder(name, sorted_, [one.name for one in documents if one.type is None], in_s3)


def requests_of(
    stack: Stack, folder: Folder, settings: Mapping[str, Any]
) -> list[FolderTranslationRequested]:
    """One request for each type of document; the same folder and settings give the same ones."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", folder.name).strip("-")[:60] or "folder"
    name = f"{readable}-{folder.mark}"
    if _may_stay(stack, folder):
        (kind,) = folder.documents
        bucket, prefix = folder.place or ("", "")
        where = {kind: (bucket, prefix)}
    else:
        results = stack.output("ResultsBucketName")
        where = {
            kind: (results, f"{FOLDERS_PREFIX}{name}/{kind.name.lower()}/")
            for kind in folder.documents
        }
    return [
        FolderTranslationRequested(
            request=name, bucket=bucket, prefix=prefix, content_type=kind, **settings
        )
        for kind, (bucket, prefix) in where.items()
    ]


def _may_stay(stack: Stack, folder: Folder) -> bool:
    """Whether a job can take the folder as it lies: one type, where its role reads."""
    return (
        folder.place is not None
        and folder.place[0] == stack.output("InboxBucketName")
        and len(folder.documents) == 1
        and not folder.left
    )


def put_documents(stack: Stack, folder: Folder, asked: FolderTranslationRequested) -> None:
    """Put the documents of a request into its folder, unless they lie there already."""
    if folder.place == (asked.bucket, asked.prefix):
        return
    s3 = stack.client("s3")

    def put(one: Document) -> None:
        key = asked.prefix + one.name
        if isinstance(one.source, Path):
            s3.upload_file(str(one.source), asked.bucket, key)
        else:
            bucket, source = one.source
            s3.copy({"Bucket": bucket, "Key": source}, asked.bucket, key)

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        list(pool.map(put, folder.documents[asked.content_type]))


def _read(folder: Path) -> Iterator[Document]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.name.startswith((".", "~")):
            name = file.relative_to(folder).as_posix()
            try:
                with file.open("rb") as body:
                    mark = hashlib.file_digest(body, "sha256").hexdigest()
            except OSError as error:
                raise CommandError(f"{file} can not be read: {error.strerror}") from error
            yield Document(name, mark, file)


def _listed(stack: Stack, bucket: str, prefix: str) -> Iterator[Document]:
    pages = stack.client("s3").get_paginator("list_objects_v2")
    try:
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            for one in page.get("Contents", []):
                if not one["Key"].endswith("/"):
                    name = one["Key"].removeprefix(prefix)
                    yield Document(name, one["ETag"], (bucket, one["Key"]))
    except ClientError as error:
        raise CommandError(f"s3://{bucket} can not be listed: {error}") from error
