"""Preflight: what a file is by its bytes, and what is said of one that no service takes."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pillow_heif
import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfWriter

from tests.fakes.world import World
from windfall.contracts.base import S3Pointer
from windfall.encodings import decode_text
from windfall.errors import InvalidInputError
from windfall.preflight.documents import check_pdf

SAMPLES = Path(__file__).parents[3] / "../shared/samples"


def picture(image_format: str, size: tuple[int, int] = (120, 90), mode: str = "RGB") -> bytes:
    image = Image.linear_gradient("L").resize(size).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, image_format)
    return buffer.getvalue()


def header_of_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def zipped(*files: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files:
            archive.writestr(name, body)
    return buffer.getvalue()


def word_document() -> bytes:
    document = Document()
    document.add_paragraph("A letter.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def pdf(*, text: str = "", password: str = "") -> bytes:
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    if text:
        from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode())
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        page[NameObject("/Contents")] = stream
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


Cases = dict[str, tuple[Callable[[], bytes], str]]

TAKEN: dict[str, tuple[str, Callable[[], bytes], str, str]] = {
    "PNG": ("a.png", lambda: picture("PNG"), "png", "image"),
    "JPEG": ("a.jpg", lambda: picture("JPEG"), "jpeg", "image"),
    "a PNG named .jpg": ("a.jpg", lambda: picture("PNG"), "png", "image"),
    "a text named .png": ("a.png", lambda: b"just text", "txt", "text"),
    "HTML named .png": ("a.png", lambda: b"<!DOCTYPE html><p>hi", "html", "text"),
    "HTML behind comments": (
        "a.txt",
        lambda: b"<!-- a --> " * 200 + b"<HTML><p>hi",
        "html",
        "text",
    ),
    "comments without end": ("a.txt", lambda: b"<!-- a --> " * 300 + b"<!-- b", "txt", "text"),
    "Markdown": ("a.md", lambda: b"# Title", "md", "text"),
    "one letter": ("a.txt", lambda: b"a", "txt", "text"),
    "SRT": ("a.txt", lambda: b"1\n00:00:01,000 --> 00:00:02,000\nHi\n", "srt", "text"),
    "VTT": ("a", lambda: b"WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n", "vtt", "text"),
    "UTF-16 with a mark": ("a.txt", lambda: "Grüße aus Köln".encode("utf-16"), "txt", "text"),
    "UTF-16 without": ("a.txt", lambda: "Hello there".encode("utf-16-le"), "txt", "text"),
    "Latin-1": ("a.txt", lambda: "Señor Muñoz, ¿qué tal?".encode("latin-1"), "txt", "text"),
    "BMW is a text": ("a.txt", lambda: b"BMW is a car maker", "txt", "text"),
    "MZ is a text": ("a.txt", lambda: b"MZ was an East German motorcycle", "txt", "text"),
    "Word": ("a.docx", word_document, "docx", "text"),
    "PDF": ("a.pdf", lambda: pdf(text="A letter"), "pdf", "text"),
}
CONVERTED: Cases = {
    "GIF": (lambda: picture("GIF"), "png"),
    "TIFF": (lambda: picture("TIFF"), "png"),
    "BMP": (lambda: picture("BMP"), "png"),
    "WebP": (lambda: picture("WEBP"), "jpg"),
    "AVIF": (lambda: picture("AVIF"), "jpg"),
    "transparent GIF": (lambda: picture("GIF", mode="P"), "png"),
    "16-bit TIFF": (lambda: picture("TIFF", mode="I;16"), "png"),
    "small PNG": (lambda: picture("PNG", (40, 60)), "png"),
    "wide JPEG": (lambda: picture("JPEG", (10_001, 100)), "jpg"),
}
REJECTED: Cases = {
    "empty": (lambda: b"", "empty"),
    "truncated PNG": (lambda: picture("PNG")[:-20], "broken or cut off"),
    "truncated JPEG": (lambda: picture("JPEG", (900, 900))[:-900], "broken or cut off"),
    "PNG bomb": (lambda: header_of_png(60_000, 60_000), "too large: 60,000 x 60,000 pixels"),
    "tiny PNG": (lambda: picture("PNG", (4, 4)), "too small: 4 x 4 pixels"),
    "narrow PNG": (lambda: picture("PNG", (9_000, 40)), "too narrow"),
    "zip archive": (lambda: zipped(("a.txt", b"a")), "archive"),
    "zip bomb in a document": (
        lambda: zipped(("word/document.xml", b"\0" * 310_000_000)),
        "would unpack to 310 MB",
    ),
    "cut-off document": (lambda: word_document()[:-100], "broken"),
    "workbook": (lambda: zipped(("xl/workbook.xml", b"")), "save its table as CSV"),
    "gzip": (lambda: b"\x1f\x8b\x08\0\0\0\0\0", "archive"),
    "tar": (lambda: b"\0" * 257 + b"ustar\x0000" + b"\0" * 200, "archive"),
    "program": (lambda: b"\x7fELF\2\1\1\0" + b"\0" * 50, "program"),
    "Windows program": (lambda: b"MZ\x90\0\3\0\0\0\4\0" + b"\0" * 50, "program"),
    "Parquet": (lambda: b"PAR1\x15\0", "Parquet"),
    "SQLite": (lambda: b"SQLite format 3\0" + b"\0" * 100, "SQLite"),
    "one byte of nothing": (lambda: b"\0", "no image, recording or text"),
    "binary": (lambda: bytes(range(256)) * 9, "no image, recording or text"),
    "spaces": (lambda: b" \n\t ", "without a single letter"),
    "SVG": (lambda: b'<?xml version="1.0"?>\n<svg xmlns="x">a</svg>', "SVG"),
    "RTF": (lambda: b"{\\rtf1 hi}", "RTF"),
    "PDF of a scan": (pdf, "no text layer"),
    "locked PDF": (lambda: pdf(text="hi", password="x"), "locked by a password"),
    "broken PDF": (lambda: b"%PDF-1.7\nnothing", "broken"),
}


@pytest.mark.parametrize("case", TAKEN)
def test_files_are_taken_by_their_bytes(case: str) -> None:
    key, body, file_format, kind = TAKEN[case]
    world = World()
    world.admit_all(world.drop(key, body()))

    (plan,) = world.workflows.started.values()
    assert (plan.file.format, plan.kind) == (file_format, kind)
    assert plan.source.key == key


@pytest.mark.parametrize("case", CONVERTED)
def test_images_that_rekognition_does_not_take_get_a_working_copy(case: str) -> None:
    body, extension = CONVERTED[case]
    world = World()
    world.admit_all(world.drop("a.bin", body()))

    (plan,) = world.workflows.started.values()
    assert plan.source.key == f"results/{plan.file.file_id}/working.{extension}"
    with Image.open(io.BytesIO(world.store.read(plan.source))) as copy:
        assert copy.format == {"png": "PNG", "jpg": "JPEG"}[extension]
        assert min(copy.size) >= 80
        assert max(copy.size) <= 10_000
        assert copy.mode == "RGB"


def test_heic_is_converted() -> None:
    buffer = io.BytesIO()
    image = Image.linear_gradient("L").convert("RGB")
    pillow_heif.from_pillow(image).save(buffer)
    world = World()
    world.admit_all(world.drop("a.heic", buffer.getvalue()))

    (plan,) = world.workflows.started.values()
    assert (plan.file.format, plan.source.key.rsplit(".", 1)[1]) == ("heic", "jpg")


@pytest.mark.parametrize("case", REJECTED)
def test_what_no_service_takes_is_rejected_with_a_reason(case: str) -> None:
    body, said = REJECTED[case]
    world = World()
    world.admit_all(world.drop("a.bin", body()))

    manifest = world.only_manifest()
    assert manifest.status == "rejected"
    assert said in (manifest.reason or "")
    assert not world.workflows.started


def test_ten_thousand_pixels_a_side_are_taken_as_they_are() -> None:
    world = World()
    world.admit_all(world.drop("a.png", picture("PNG", (10_000, 10_000))))

    (plan,) = world.workflows.started.values()
    assert plan.source.key == "a.png"


def test_a_photo_over_fifteen_megabytes_gets_a_smaller_copy() -> None:
    image = Image.effect_noise((3_000, 2_400), 90).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=0)
    assert len(buffer.getvalue()) > 15_000_000
    world = World()
    world.admit_all(world.drop("a.png", buffer.getvalue()))

    (plan,) = world.workflows.started.values()
    assert len(world.store.read(plan.source)) <= 15_000_000


def test_a_working_copy_stands_upright() -> None:
    image = Image.linear_gradient("L").resize((200, 100)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to the right
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", exif=exif.tobytes())
    world = World()
    world.admit_all(world.drop("a.webp", buffer.getvalue()))

    (plan,) = world.workflows.started.values()
    with Image.open(io.BytesIO(world.store.read(plan.source))) as copy:
        assert copy.size == (100, 200)


def test_what_is_too_large_is_rejected_without_being_read() -> None:
    world = World()
    world.admit_all(world.drop("a.png", b"\0" * 100_000_001))

    assert "100 MB at most" in (world.only_manifest().reason or "")
    assert all(source.closed for source in world.store.opened)


def test_texts_over_twenty_megabytes_are_rejected() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", b"word " * 4_000_001))

    assert "20 MB of text at most" in (world.only_manifest().reason or "")


def test_equal_images_are_converted_once() -> None:
    world = World()
    world.admit_all(world.drop("a.gif", picture("GIF")), world.drop("b.gif", picture("GIF")))

    copies = list(world.store.list("results", "results/"))
    assert len(copies) == 1


@pytest.mark.parametrize("name", ["astronaut.png", "spanish.jpg", "page.png"])
def test_real_pictures_are_taken(name: str) -> None:
    path = SAMPLES / "images" / name
    if not path.exists():
        pytest.skip("The shared samples are not here.")
    world = World()
    world.admit_all(world.drop(name, path.read_bytes()))

    (plan,) = world.workflows.started.values()
    assert plan.source == S3Pointer(bucket="inbox", key=name, version_id="v1")


@given(st.text(min_size=1))
def test_any_text_is_read_as_it_was_written(text: str) -> None:
    allowed = "\t\n\r\f\v\x1b"
    if any(ord(sign) < 32 and sign not in allowed for sign in text) or "\x7f" in text:
        return
    decoded = decode_text(text.encode("utf-8"))
    assert decoded is not None
    assert decoded.text == text.removeprefix("\ufeff")


@given(st.binary())
def test_any_bytes_are_taken_or_rejected_but_never_a_crash(body: bytes) -> None:
    world = World()
    (done,) = world.admit_all(world.drop("a.bin", body))
    assert done.startswith(("began", "rejected"))


@given(st.binary(max_size=300), st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF"]))
def test_a_damaged_picture_is_taken_or_rejected_but_never_a_crash(noise: bytes, kind: str) -> None:
    body = picture(kind)
    damaged = body[:40] + noise + body[40 + len(noise) :]
    world = World()
    (done,) = world.admit_all(world.drop("a.bin", damaged))
    assert done.startswith(("began", "rejected"))


@given(st.binary(max_size=200))
def test_a_damaged_pdf_is_taken_or_rejected_but_never_a_crash(noise: bytes) -> None:
    body = pdf(text="A letter")
    damaged = body[:100] + noise + body[100 + len(noise) :]
    with contextlib.suppress(InvalidInputError):
        check_pdf(io.BytesIO(damaged))
