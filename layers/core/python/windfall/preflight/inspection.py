"""What a file really is, by its bytes, and whether any service takes it."""

from __future__ import annotations

import importlib
import re
import zipfile
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Literal, NamedTuple

from windfall.contracts.subject import Kind
from windfall.encodings import decode_text
from windfall.errors import InvalidInputError

if TYPE_CHECKING:
    from windfall.contracts.audio import MediaFacts
    from windfall.contracts.table import TableLayout
    from windfall.preflight.snapshot import Snapshot

MOST_TEXT_BYTES = 20_000_000
"""A plain text; ten thousand printed pages, and Comprehend is paid for by the character."""
_MOST_UNZIPPED_BYTES = 300_000_000
_MOST_ZIP_ENTRIES = 10_000

TableFormat = Literal["csv", "jsonl", "parquet"]


class WorkingCopy(NamedTuple):
    """What the services look at instead of the file."""

    extension: str
    media_type: str
    body: bytes


class Inspection(NamedTuple):
    """What a file is.

    Attributes:
        convert: Makes the working copy, where the services do not take the file as it is.
        media: What is known of a recording or a video; None for other kinds.
        no_sound: Why the sound of a video can't be transcribed; None where it can.
        no_pictures: Why nothing can be found in its pictures; None where something can.
        layout: How a table is to be read; None for other kinds.
        header: The names of a table's columns, where its beginning tells them.
    """

    kind: Kind
    format: str
    media_type: str
    convert: Callable[[IO[bytes]], WorkingCopy] | None = None
    media: MediaFacts | None = None
    no_sound: str | None = None
    no_pictures: str | None = None
    layout: TableLayout | None = None
    header: tuple[str, ...] = ()


class Tables(NamedTuple):
    """What is done with tables under the file's profile.

    Attributes:
        kind: What a table is then; None when the profile does not speak of tables.
        as_text: Whether somebody asked for features of texts, whatever the profile says.
    """

    profile: str = "default"
    kind: Kind | None = None
    as_text: bool = False


def inspect(snapshot: Snapshot, key: str, tables: Tables) -> Inspection:
    """Find out what a file is.

    Raises:
        InvalidInputError: No service takes it; the message says why, and what it is.
    """
    beginning = snapshot.beginning()
    image_format = _image_format(beginning)
    if image_format is not None:
        # Pillow takes 80 ms to import: not before there is an image to look at.
        images = importlib.import_module("windfall.preflight.images")
        inspection: Inspection = images.inspect_image(snapshot, image_format)
        return inspection
    container = media_container_of(beginning)
    if container is not None:
        media = importlib.import_module("windfall.preflight.media")
        found: Inspection = media.inspect_media(snapshot, container)
        return found
    if b"%PDF-" in beginning[:1024]:
        documents = importlib.import_module("windfall.preflight.documents")
        documents.check_pdf(snapshot.stream)
        return Inspection(Kind.TEXT, "pdf", "application/pdf")
    if beginning.startswith(b"PK\x03\x04"):
        return _inspect_zip(snapshot)
    refused = _refusal(beginning)
    if refused is not None:
        raise InvalidInputError(refused)
    table_format = table_format_of(beginning, key, snapshot.head.media_type)
    if table_format is None or (tables.as_text and table_format != "parquet"):
        return _inspect_text(snapshot, key)
    if tables.kind is None:
        raise InvalidInputError(_untold(table_format, tables.profile))
    inspect_table = importlib.import_module("windfall.preflight.tables").inspect_table
    table: Inspection = inspect_table(snapshot, table_format, tables.kind)
    return table


_TABLES: dict[str, TableFormat] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
    "application/jsonl": "jsonl",
    "application/jsonlines": "jsonl",
    "application/x-ndjson": "jsonl",
}
"""Tables of text, by their name or else by their media type: by its bytes, each is a text."""


def table_format_of(beginning: bytes, key: str, media_type: str) -> TableFormat | None:
    """The format of a table, if it is one."""
    if beginning.startswith((b"PAR1", b"PARE")):
        return "parquet"
    suffix = PurePosixPath(key).suffix.lower()
    return _TABLES.get(suffix) or _TABLES.get(media_type.partition(";")[0].strip().lower())


def _untold(table_format: str, profile: str) -> str:
    name = {"csv": "CSV", "jsonl": "JSON Lines", "parquet": "Parquet"}[table_format]
    reason = (
        f"The file is a table ({name}), and the profile {profile!r} does not say what to do with"
        " tables. To score it or to train a model on it, choose a profile with a table section"
        " (windfall drop FILE --profile NAME; docs/tables.md)."
    )
    if table_format == "parquet":
        return reason
    return f"{reason} To read it as a text, ask for features of texts (--features entities,pii)."


# Patterns are compiled when first used, not when the function starts.
_IMAGES: tuple[tuple[bytes, str], ...] = (
    (rb"\x89PNG\r\n\x1a\n", "png"),
    (rb"\xff\xd8\xff", "jpeg"),
    (rb"GIF8[79]a", "gif"),
    (rb"RIFF....WEBP", "webp"),
    (rb"II\*\0|MM\0\*", "tiff"),
    (rb"BM.{4}\0\0\0\0", "bmp"),
    (rb"....ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)", "heic"),
    (rb"....ftyp(avif|avis)", "avif"),
)


def _image_format(beginning: bytes) -> str | None:
    return next(
        (name for pattern, name in _IMAGES if re.match(pattern, beginning, re.DOTALL)), None
    )


_MEDIA: tuple[tuple[bytes, str], ...] = (
    (rb"RIFF....WAVE|RF64....WAVE", "wav"),
    (rb"RIFF....AVI ", "avi"),
    # QuickTime's older files begin with any box: a length, and no letters as a text would.
    (rb"....ftyp|\0...(moov|wide|free|skip)|[\0-\x1f\x7f-\xff]...mdat", "mp4"),
    (rb"\x1aE\xdf\xa3", "matroska"),
    (rb"fLaC", "flac"),
    (rb"OggS", "ogg"),
    (rb"ID3[\x02-\x04]|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]", "mp3"),
    (rb"\xff[\xf4\xf5\xfc\xfd]", "mp2"),
    (rb"\xff[\xf0\xf1\xf8\xf9]", "aac"),
    (rb"#!AMR", "amr"),
    (rb"FORM....AIF[FC]", "aiff"),
    (rb"caff\x00\x01", "caf"),
    (rb"\.snd\0", "au"),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (rb"FLV\x01", "flv"),
    (rb"\0\0\x01\xba", "mpg"),
    (rb"G.{187}G.{187}G", "ts"),
)


def media_container_of(beginning: bytes) -> str | None:
    """The container of a recording or a video; some hold either."""
    return next((name for pattern, name in _MEDIA if re.match(pattern, beginning, re.DOTALL)), None)


_REFUSED: tuple[tuple[bytes, str], ...] = (
    (
        rb"\x1f\x8b\x08|BZh[1-9]1AY|\xfd7zXZ\0|\x28\xb5\x2f\xfd|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07"
        rb"|MSCF\0|PK\x05\x06|.{257}ustar",
        "The file is an archive; drop the files that are in it instead.",
    ),
    (
        rb"\x7fELF|MZ[^\n]?\0|\xca\xfe\xba\xbe\0|[\xce\xcf]\xfa\xed\xfe|\xfe\xed\xfa[\xce\xcf]"
        rb"|\0asm",
        "The file is a program; there is nothing to analyze in it.",
    ),
    (
        rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "The file is an old Office document (doc, xls, ppt); save it as docx or PDF.",
    ),
    (rb"\{\\rtf", "The file is rich text (RTF); save it as docx, PDF or plain text."),
    (rb"%!PS", "The file is PostScript; save it as PDF."),
)


def _refusal(beginning: bytes) -> str | None:
    """Why a file of a known sort is not taken."""
    return next(
        (reason for pattern, reason in _REFUSED if re.match(pattern, beginning, re.DOTALL)), None
    )


def _inspect_zip(snapshot: Snapshot) -> Inspection:
    """A Word document is a zip archive with a certain file in it."""
    snapshot.stream.seek(0)
    try:
        with zipfile.ZipFile(snapshot.stream) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            unzipped = sum(entry.file_size for entry in entries)
            if "word/document.xml" in names:
                _check_bomb(len(entries), unzipped)
                archive.open("word/document.xml").close()
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, ValueError) as error:
        raise InvalidInputError(
            "The file is a broken, encrypted or cut-off archive or Office document."
        ) from error
    if "word/document.xml" in names:
        media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        return Inspection(Kind.TEXT, "docx", media_type)
    raise InvalidInputError(_zip_refusal(names))


def _check_bomb(entries: int, unzipped: int) -> None:
    if unzipped > _MOST_UNZIPPED_BYTES or entries > _MOST_ZIP_ENTRIES:
        raise InvalidInputError(
            f"The document would unpack to {unzipped / 1e6:.0f} MB in {entries} parts, which is"
            " too much to be read safely."
        )


def _zip_refusal(names: set[str]) -> str:
    if any(name.startswith("xl/") for name in names):
        return "The file is an Excel workbook; save its table as CSV."
    if any(name.startswith("ppt/") for name in names):
        return "The file is a PowerPoint presentation; save it as PDF."
    if "META-INF/container.xml" in names or "content.xml" in names:
        return "The file is an e-book or OpenDocument file; save it as docx or PDF."
    return "The file is an archive; drop the files that are in it instead."


_HTML_START = r"<(!doctype\s+html|html|head|body)\b"
_SVG_START = r"<(!doctype\s+svg|svg)\b"
_CUE = r"\s*\d+\s*\r?\n\d+:\d\d:\d\d[,.]\d{3}\s+-->\s+\d+:\d\d:\d\d[,.]\d{3}"


def _without_preamble(text: str) -> str:
    """The text from its first element on: behind white space, comments and processing instructions.

    By hand, since a pattern for it would take time without end on a text made for that.
    """
    while True:
        text = text.lstrip()
        for opening, closing in (("<!--", "-->"), ("<?", "?>")):
            if text.startswith(opening) and closing in text:
                text = text.partition(closing)[2]
                break
        else:
            return text


def _inspect_text(snapshot: Snapshot, key: str) -> Inspection:
    if snapshot.size > MOST_TEXT_BYTES:
        reason = f"{MOST_TEXT_BYTES / 1e6:.0f} MB of text at most can be taken"
        raise InvalidInputError(f"The file is too large: {reason}.")
    decoded = decode_text(snapshot.whole())
    if decoded is None:
        raise InvalidInputError(_unknown(snapshot.beginning()))
    if not any(character.isalnum() for character in decoded.text):
        raise InvalidInputError("The file is a text without a single letter or digit.")
    text = decoded.text.removeprefix("\ufeff")
    if re.match(_SVG_START, _without_preamble(text[:4096]), re.I):
        raise InvalidInputError("The file is a drawing (SVG); save it as PNG or JPEG.")
    name, media_type = _text_format(text[:4096], PurePosixPath(key).suffix.lower())
    return Inspection(Kind.TEXT, name, media_type)


def _text_format(beginning: str, suffix: str) -> tuple[str, str]:
    """The sort of text: by what stands in it, and only between Markdown and plain by its name."""
    if beginning.startswith("WEBVTT"):
        return "vtt", "text/vtt"
    if re.match(_CUE, beginning):
        return "srt", "application/x-subrip"
    if re.match(_HTML_START, _without_preamble(beginning), re.I) or (
        suffix in {".html", ".htm"} and "<" in beginning
    ):
        return "html", "text/html"
    if suffix in {".md", ".markdown"}:
        return "md", "text/markdown"
    return "txt", "text/plain"


_NOT_TAKEN = "Neither Transcribe nor this version takes such sound or video"
_LEAST_CONFIDENCE = 0.4
"""Below this, puremagic guesses from two or three bytes."""


def _unknown(beginning: bytes) -> str:
    """What to say of bytes that are nothing Windfall knows."""
    puremagic = importlib.import_module("puremagic")
    try:
        guesses = puremagic.magic_string(beginning)
    except (puremagic.PureError, ValueError):
        guesses = []
    named = [guess for guess in guesses if guess.confidence >= _LEAST_CONFIDENCE and guess.name]
    if named and named[0].byte_match.strip(b"\0"):
        if named[0].mime_type.startswith(("audio/", "video/")):
            return f"{_NOT_TAKEN} (this is: {named[0].name})."
        return f"The file is no image, recording or text; by its bytes it may be: {named[0].name}."
    return "The file is no image, recording or text that can be read."
