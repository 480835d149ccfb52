"""The text of documents of every format, and of those made to hurt."""

import io
import zipfile
from collections.abc import Callable

import pytest
from docx import Document as WordDocument
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from windfall.errors import InvalidInputError
from windfall.text import extraction
from windfall.text.extraction import FORMATS, clean, extract
from windfall.text.formats import docx, pdf


def text_of(body: bytes | str, format_name: str) -> str:
    return extract(body.encode() if isinstance(body, str) else body, format_name).text


# Plain text ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_plain_text_is_read_in_every_usual_encoding(encoding: str) -> None:
    sentence = "El niño comió jamón en la plaza."
    assert text_of(sentence.encode(encoding), "txt") == sentence


def test_utf8_cut_off_in_a_character_is_still_utf8() -> None:
    assert text_of("año ñ".encode()[:-1], "txt") == "año"


def test_control_characters_are_removed_and_line_ends_made_alike() -> None:
    assert (
        text_of("a\x00b\x07c\r\nd\re\u2028f\ufeff\tg  \nh\x85i", "txt") == "abc\nd\ne\nf\tg\nh\ni"
    )


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


# Markdown --------------------------------------------------------------------------------------


def test_markdown_is_read_without_its_markup() -> None:
    source = """---
title: hidden
---
# Release *notes*

The **new** export [ships](https://example.com/x) on `1 June`.
![a chart](chart.png)

> "Vielen Dank"

1. Install it.
2. Restart & go.

| name | size |
|------|------|
| disk | 2 GB |

<div onclick="x()">shown</div>
<script>alert("never")</script>

    indented code
"""
    found = text_of(source, "md")

    assert found.startswith("Release notes\n\nThe new export ships on 1 June.\na chart")
    assert '"Vielen Dank"\n\nInstall it.\nRestart & go.\n\n' in found
    assert "name\tsize\ndisk\t2 GB" in found
    assert "shown" in found
    assert "indented code" in found
    for markup in ("*", "#", "https", "alert", "onclick", "hidden", "|", ">", "chart.png"):
        assert markup not in found


# HTML ------------------------------------------------------------------------------------------


def test_html_is_read_as_a_reader_sees_it() -> None:
    page = """<!doctype html><html><head><title>Home</title><style>p{color:red}</style>
      <script>if (1 < 2) document.write("<p>never</p>")</script></head>
      <body><h1>Fish &amp; chips</h1><p>It costs
      5&nbsp;&euro; &#8211; <b>che</b>ap.</p><ul><li>one</li><li>two</li></ul>
      <template><p>never</p></template><noscript>never</noscript>
      <table><tr><td>a</td><td>b</td></tr></table>last</body></html>"""

    found = text_of(page, "html")

    assert found.startswith("Home\n\nFish & chips\n\nIt costs 5 € \u2013 cheap.\n\none\ntwo")
    assert found.endswith("\n\na\tb\n\nlast")
    assert "never" not in found
    assert "color" not in found


def test_html_is_decoded_as_it_declares() -> None:
    page = '<meta charset="iso-8859-15"><p>5 €</p>'.encode("iso-8859-15")
    assert text_of(page, "html") == "5 €"


@pytest.mark.parametrize("declared", ["no-such-thing", "punycode", "zlib"])
def test_html_with_a_wrong_declaration_is_decoded_by_its_bytes(declared: str) -> None:
    page = f'<meta charset="{declared}"><p>año</p>'.encode()
    assert text_of(page, "html") == "año"


@given(st.text(alphabet=st.sampled_from("<>/!-?&;[]= \"'abpscript\n")))
def test_broken_html_never_fails(markup: str) -> None:
    text_of(markup, "html")


# Captions --------------------------------------------------------------------------------------


def test_srt_gives_the_spoken_text_only() -> None:
    captions = (
        "1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>Hello</i>\r\nthere\r\n\r\n"
        "2\r\n00:00:03,000 --> 00:00:04,000 X1:1\r\n{\\an8}1984 was a year.\r\n"
    )
    assert text_of(captions, "srt") == "Hello there\n1984 was a year."


def test_vtt_gives_the_spoken_text_only() -> None:
    captions = (
        "WEBVTT - title\n\nNOTE\nnot spoken\n\nSTYLE\n::cue {color: red}\n\n"
        "intro\n00:01.000 --> 00:02.000 align:start\n<v Mary>Fish &amp; <c.loud>chips</c>\n\n"
        "00:02.000 --> 00:03.000\nFish &amp; chips\n\n"
        "01:00:02.000 --> 01:00:03.000\n1 &lt; 2\n"
    )
    assert text_of(captions, "vtt") == "Fish & chips\n1 < 2"


# Word ------------------------------------------------------------------------------------------


def word(build: Callable[[WordDocument], None]) -> bytes:
    document = WordDocument()
    build(document)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_docx_gives_paragraphs_and_tables_in_order() -> None:
    def build(document: WordDocument) -> None:
        document.add_heading("Title")
        document.add_paragraph("One ").add_run("two").bold = True
        table = document.add_table(1, 2)
        table.cell(0, 0).text = "a"
        table.cell(0, 1).text = "b"
        document.add_paragraph("Last")

    found = text_of(word(build), "docx")

    assert found.startswith("Title\n\nOne two\n\n")
    assert found.index("a") < found.index("b") < found.index("Last")


def with_main_part(xml: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", xml)
    return file.getvalue()


def test_an_xml_bomb_in_a_docx_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    with pytest.raises(InvalidInputError, match="entities"):
        extract(with_main_part(bomb), "docx")


def test_a_zip_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docx, "MOST_UNPACKED", 1_000)
    with pytest.raises(InvalidInputError, match="too large"):
        extract(with_main_part(b"<x>" + b" " * 10_000 + b"</x>"), "docx")


def test_a_zip_that_lies_about_its_size_is_refused() -> None:
    honest = with_main_part(b"<x>" + b"abc " * 100_000 + b"</x>")
    size = (400_007).to_bytes(4, "little")
    with pytest.raises(InvalidInputError):
        extract(honest.replace(size, (10).to_bytes(4, "little")), "docx")


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04 nonsense", with_main_part(b"<not closed")])
def test_a_broken_docx_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(InvalidInputError, match="Word"):
        extract(body, "docx")


# PDF -------------------------------------------------------------------------------------------


def pdf_with(*pages: str) -> bytes:
    """A minimal PDF with one line of text on each page."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for text in pages:
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            f"/Contents {len(objects)} 0 R /Resources << /Font << /F1 << /Type /Font "
            "/Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    body = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode()
    start = len(body)
    body += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    body += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return body + trailer.encode()


def test_pdf_gives_its_pages_in_order() -> None:
    found = extract(pdf_with("First page.", "Second page."), "pdf")
    assert found.text == "First page.\n\nSecond page."
    assert found.pages == 2
    assert found.cut_off is None


def test_a_pdf_with_more_pages_than_the_limit_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MOST_PAGES", 1)
    found = extract(pdf_with("First page.", "Second page."), "pdf")
    assert found.text == "First page."
    assert found.cut_off == "Only 1 of 2 pages could be read."


def test_a_pdf_with_a_password_is_refused_in_words() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_with("secret"))))
    writer.encrypt("open sesame", algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    with pytest.raises(InvalidInputError, match="password"):
        extract(file.getvalue(), "pdf")


# All -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_name", ["docx", "pdf"])
@given(body=st.binary(max_size=200))
@settings(max_examples=30)
def test_bytes_that_are_no_document_are_refused(format_name: str, body: bytes) -> None:
    with pytest.raises(InvalidInputError):
        extract(body, format_name)


@pytest.mark.parametrize("format_name", sorted(FORMATS - {"docx", "pdf"}))
@given(body=st.binary(max_size=200))
@settings(max_examples=30)
def test_any_bytes_are_some_text(format_name: str, body: bytes) -> None:
    found = extract(body, format_name).text
    assert found == clean(found)
    found.encode()


def test_a_format_without_text_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="png"):
        extract(b"", "png")


def test_a_text_past_the_limit_is_cut_off_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "MOST_CHARACTERS", 4)
    found = extract(b"abcdef", "txt")
    assert found.text == "abcd"
    assert found.cut_off == "Only the first 4 of 6 characters were read."


HOSTILE = {
    "spaces": " " * 200_000 + "x",
    "newlines and spaces": " \n" * 100_000 + "x",
    "open comments": "<!--" * 50_000,
    "open declarations": "<!" * 100_000,
    "open tags": "<a " * 70_000,
    "nested blocks": "<div>" * 40_000,
    "brackets": "[" * 20_000,
    "stars": "*a " * 20_000,
    "quotes": "> " * 20_000,
    "backticks": "`" * 20_001 + " " + "`a " * 10_000,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("format_name", ["txt", "html", "md", "vtt"])
@pytest.mark.timeout(60)  # what is quadratic here takes minutes
def test_hostile_text_is_read(name: str, format_name: str) -> None:
    text_of(HOSTILE[name], format_name)
