"""What a terminal shows, as a picture: SVG without fonts from elsewhere."""

from __future__ import annotations

import re
from io import StringIO

from rich.console import Console, RenderableType

WIDTH = 96
"""Columns."""


def screenshot(content: RenderableType, title: str) -> str:
    """The SVG of a terminal that shows something; nothing in it is fetched when it is looked at."""
    screen = Console(width=WIDTH, record=True, file=StringIO(), highlight=False)
    screen.print(content)
    svg = screen.export_svg(title=title)
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
