"""Labelling in the terminal: one item at a time; every answer is on the disk before the next."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from windfall_cli.errors import CommandError
from windfall_cli.labelling.manifests import Item, Label, labelled_line, read_items

JOB = "windfall-label"
BACK, SKIP, QUIT = "b", "s", "q"


@dataclass
class Session:
    """What is to be labelled, and where the answers go.

    Args:
        items: Of the manifest.
        output: The output manifest; what stands in it is not asked again.
        classes: Their names, in the order of their numbers.
        attribute: The label attribute.
        now: The time, as ISO 8601 writes it.
    """

    items: Sequence[Item]
    output: Path
    classes: Sequence[str]
    attribute: str
    now: Callable[[], str]
    _left: list[Item] = field(init=False)
    _done: list[Item] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        if len(self.classes) < 2 or len(set(self.classes)) != len(self.classes):
            raise CommandError("Name two classes or more, each once: --classes no,yes")
        known = self._known()
        self._left = [item for item in reversed(self.items) if item.identity not in known]

    @property
    def answered(self) -> int:
        """Items with an answer, of this session and of those before."""
        return len(self.items) - len(self._left)

    @property
    def current(self) -> Item | None:
        """The item that is asked next; None when all are done."""
        return self._left[-1] if self._left else None

    def answer(self, text: str) -> bool:
        """Take an answer about the current item; False for one that means nothing.

        A number or a name is a class's; `s` puts the item behind the others, `b` takes the last
        answer back.
        """
        item = self.current
        if item is None:
            return False
        if text == SKIP:
            self._left.insert(0, self._left.pop())
            return True
        if text == BACK:
            return self._take_back()
        index = self._class_of(text)
        if index is None:
            return False
        label = Label(self.attribute, index, self.classes[index], 1.0, by_person=True)
        _append(self.output, labelled_line(item, label, self.now(), JOB))
        self._done.append(self._left.pop())
        return True

    def _class_of(self, text: str) -> int | None:
        if text in self.classes:
            return list(self.classes).index(text)
        number = int(text) if text.isascii() and text.isdigit() else 0
        return number - 1 if 1 <= number <= len(self.classes) else None

    def _take_back(self) -> bool:
        if not self._done:
            return False
        lines = self.output.read_text(encoding="utf-8").splitlines(keepends=True)
        aside = self.output.with_name(f"{self.output.name}.part")
        aside.write_text("".join(lines[:-1]), encoding="utf-8")
        aside.replace(self.output)
        self._left.append(self._done.pop())
        return True

    def _known(self) -> set[str]:
        if not self.output.exists():
            return set()
        _mend(self.output)
        with self.output.open(encoding="utf-8") as lines:
            return {item.identity for item in read_items(lines, str(self.output))}


def _append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as output:
        output.write(f"{line}\n")
        output.flush()
        os.fsync(output.fileno())


def _mend(path: Path) -> None:
    """Forget a line that a crash cut off in the middle: its item is asked again."""
    body = path.read_bytes()
    if body and not body.endswith(b"\n"):
        file: IO[bytes]
        with path.open("r+b") as file:
            file.truncate(body.rfind(b"\n") + 1)
