"""A quick look into a PDF: can it be opened, and is there text in it?"""

from __future__ import annotations

from typing import IO

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from windfall.errors import InvalidInputError

_PAGES_TO_LOOK_AT = 50
"""A scan has no text on any page; a book may begin with pictures."""


def check_pdf(stream: IO[bytes]) -> None:
    """Look for text in a PDF.

    Raises:
        InvalidInputError: It is broken, locked by a password, or has no text on its first pages.
    """
    stream.seek(0)
    try:
        reader = PdfReader(stream)
        locked = reader.is_encrypted and not reader.decrypt("")
        found = not locked and any(
            page.extract_text().strip() for page in reader.pages[:_PAGES_TO_LOOK_AT]
        )
    except DependencyError as error:
        raise InvalidInputError(_LOCKED) from error
    # pypdf lets what a broken file breaks in Python itself through.
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise InvalidInputError("The PDF is broken or cut off.") from error
    except RecursionError as error:
        raise InvalidInputError("The PDF refers to itself and can not be read.") from error
    if locked:
        raise InvalidInputError(_LOCKED)
    if not found:
        raise InvalidInputError(
            "The PDF has no text layer (a scan?). This version reads text from PNG and JPEG"
            " images: drop its pages as images."
        )


_LOCKED = "The PDF is locked by a password."
