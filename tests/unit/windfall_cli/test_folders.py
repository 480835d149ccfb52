"""A folder is sorted by what Translate takes, and its requests tell what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from windfall.contracts.translations import DocumentType
from windfall_cli.errors import CommandError
from windfall_cli.folders import Document, Folder, find_folder, requests_of
from windfall_cli.stack import Stack

SETTINGS: dict[str, Any] = {"targets": ["es"], "source": "en"}


@pytest.fixture
def stack() -> Stack:
    """A stack that is asked for its buckets only."""
    stack = Stack("windfall", is_local=True, session=None)
    outputs = {"InboxBucketName": "windfall-inbox", "ResultsBucketName": "windfall-results"}
    stack.__dict__["outputs"] = outputs
    return stack


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    folder = tmp_path / "Our letters & more"
    (folder / "old").mkdir(parents=True)
    for name in ("a.txt", "old/b.TXT", "c.docx", "d.png", ".hidden.txt"):
        (folder / name).write_text(name)
    return folder


def test_each_type_is_a_request_in_a_folder_of_its_own(stack: Stack, letters: Path) -> None:
    folder = find_folder(stack, str(letters))
    assert folder.left == ["d.png"]
    text, word = sorted(requests_of(stack, folder, SETTINGS), key=lambda one: one.content_type)[
        ::-1
    ]
    assert (text.content_type, word.content_type) == (DocumentType.TEXT, DocumentType.WORD)
    assert text.request == word.request == f"Our-letters-more-{folder.mark}"
    assert text.bucket == "windfall-results"
    assert text.prefix == f"folders/{text.request}/text/"
    names = [one.name for one in folder.documents[DocumentType.TEXT]]
    assert names == ["a.txt", "old/b.TXT"]


def test_another_byte_is_another_request_and_the_same_bytes_are_not(
    stack: Stack, letters: Path
) -> None:
    first = requests_of(stack, find_folder(stack, str(letters)), SETTINGS)
    assert requests_of(stack, find_folder(stack, str(letters)), SETTINGS) == first
    (letters / "a.txt").write_text("changed")
    assert requests_of(stack, find_folder(stack, str(letters)), SETTINGS) != first


@pytest.mark.parametrize(
    ("bucket", "left", "stays"),
    [("windfall-inbox", [], True), ("elsewhere", [], False), ("windfall-inbox", ["a.png"], False)],
)
def test_a_folder_of_the_inbox_with_one_type_stays_where_it_lies(
    stack: Stack, bucket: str, left: list[str], stays: bool
) -> None:
    one = Document("a.html", "etag", (bucket, "pages/a.html"))
    folder = Folder("pages", {DocumentType.HTML: [one]}, left, (bucket, "pages/"))
    (asked,) = requests_of(stack, folder, SETTINGS)
    assert ((asked.bucket, asked.prefix) == (bucket, "pages/")) is stays


@pytest.mark.parametrize("place", ["/no/such/folder", __file__, "s3://", "s3://bucket", "s3://b/"])
def test_what_is_no_folder_is_named(stack: Stack, place: str) -> None:
    with pytest.raises(CommandError, match="is no"):
        find_folder(stack, place)


def test_a_folder_without_documents_is_named(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(CommandError, match="nothing to translate"):
        find_folder(stack, str(tmp_path))


@pytest.mark.parametrize("targets", [[], ["not a language"], ["es"] * 11])
def test_languages_are_checked_before_anything_is_put(
    stack: Stack, letters: Path, targets: list[str]
) -> None:
    folder = find_folder(stack, str(letters))
    with pytest.raises(ValidationError, match="targets"):
        requests_of(stack, folder, {**SETTINGS, "targets": targets})
