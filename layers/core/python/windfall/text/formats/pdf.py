"""The text layer of PDF files; scanned pages have none."""

from __future__ import annotations

import io
import logging

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError, PyPdfError

from windfall.errors import InvalidInputError
from windfall.text.extraction import MOST_CHARACTERS, Document

MOST_PAGES = 2_000
"""Past these a file is cut off: about four minutes of reading."""

# It warns about every oddity of every file, in words that may quote the content.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read(body: bytes) -> Document:
    """The text page by page; a page that can not be read is left out and counted.

    Raises:
        InvalidInputError: It is no PDF, broken beyond reading, or protected by a password.
    """
    try:
        reader = PdfReader(io.BytesIO(body))
        if reader.is_encrypted and not reader.decrypt(""):
            raise InvalidInputError("The PDF is protected by a password.")
        pages = len(reader.pages)
    except FileNotDecryptedError as error:
        raise InvalidInputError("The PDF is protected by a password.") from error
    except InvalidInputError:
        raise
    except Exception as error:  # nearly any, see _page_text
        raise InvalidInputError("The PDF is broken.") from error
    texts: list[str] = []
    room = MOST_CHARACTERS
    for number in range(min(pages, MOST_PAGES)):
        text = _page_text(reader, number)
        if text is None:
            continue
        texts.append(text)
        room -= len(text)
        if room <= 0:
            break
    return Document("\n\n".join(texts), pages, len(texts))


def _page_text(reader: PdfReader, number: int) -> str | None:
    try:
        return reader.pages[number].extract_text()
    except MemoryError:
        raise
    except (PyPdfError, Exception):
        # Hostile and broken files make the parser raise nearly anything (KeyError, TypeError,
        # RecursionError, …); one bad page does not end the document.
        return None
