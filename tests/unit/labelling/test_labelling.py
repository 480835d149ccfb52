"""The way around: the least sure rows go out, people answer, the table grows."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from windfall_cli.errors import CommandError
from windfall_cli.labelling.choosing import least_sure
from windfall_cli.labelling.manifests import Item, read_items
from windfall_cli.labelling.returning import append_rows, labelled_rows
from windfall_cli.labelling.sessions import Session
from windfall_cli.labelling.showing import picture, row_or_text

TWO = "age,job,prediction,score\n33,clerk,no,0.1\n44,nurse,yes,0.52\n55,pilot,no,0.47\n66,x,,\n"
THREE = (
    "age,prediction,score,score_a,score_b,score_c\n1,a,0.9,0.9,0.05,0.05\n2,b,0.4,0.35,0.4,0.25\n"
)


def chosen(text: str, most: int, threshold: float = 0.5) -> list[int]:
    lines = least_sure(io.StringIO(text), most, threshold)
    return [json.loads(line)["windfall"]["row"] for line in lines]


def test_the_rows_nearest_to_another_class_come_first() -> None:
    assert chosen(TWO, 10) == [2, 3, 1]
    assert chosen(TWO, 1) == [2]
    assert chosen(TWO, 1, threshold=0.1) == [1]
    assert chosen(THREE, 2) == [2, 1]


def test_a_row_is_exported_without_what_the_model_said() -> None:
    (line,) = least_sure(io.StringIO(TWO), 1)
    document = json.loads(line)
    assert json.loads(document["source"]) == {"age": "44", "job": "nurse"}
    assert document["windfall"]["prediction"] == "yes"
    assert list(read_items([line], "m"))


def test_without_scores_nothing_tells_of_what_the_model_is_unsure() -> None:
    with pytest.raises(CommandError, match="no scores"):
        least_sure(io.StringIO("age,prediction\n1,2\n"), 1)


class Desk:
    """A person at a terminal."""

    def __init__(self, folder: Path) -> None:
        self.output = folder / "out.manifest"
        self.items = list(read_items(least_sure(io.StringIO(TWO), 3), "m"))

    def session(self, classes: tuple[str, ...] = ("no", "yes")) -> Session:
        return Session(self.items, self.output, classes, "label", lambda: "2026-11-25T10:00:00")

    def labels(self) -> list[int]:
        return [json.loads(line)["label"] for line in self.output.read_text().splitlines()]


def test_answers_are_on_the_disk_and_a_new_session_goes_on(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    first = desk.session()
    assert first.answer("2")
    assert first.answer("no")
    assert (first.answered, desk.labels()) == (2, [1, 0])
    second = desk.session()
    assert second.answered == 2
    assert second.current == desk.items[2]
    assert second.answer("yes")
    assert second.current is None
    assert desk.session().current is None


def test_an_answer_that_means_nothing_changes_nothing(tmp_path: Path) -> None:
    session = Desk(tmp_path).session()
    for text in ("", "0", "3", "maybe", "²", "b"):
        assert not session.answer(text)
    assert session.answered == 0


def test_an_item_can_be_put_off_and_an_answer_taken_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    session = desk.session()
    assert session.answer("s")
    assert session.current == desk.items[1]
    assert session.answer("1")
    assert session.answer("1")
    assert session.current == desk.items[0]
    assert session.answer("b")
    assert desk.labels() == [0]
    assert session.current == desk.items[2]


def test_a_line_that_a_crash_cut_off_is_asked_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    session = desk.session()
    session.answer("1")
    session.answer("2")
    whole = desk.output.read_bytes()
    desk.output.write_bytes(whole[:-20])
    again = desk.session()
    assert again.answered == 1
    assert again.answer("2")
    assert desk.output.read_bytes() == whole


@pytest.mark.parametrize("classes", [("no",), ("no", "no"), ()])
def test_there_are_two_classes_at_least(tmp_path: Path, classes: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="two classes or more"):
        Desk(tmp_path).session(classes)


def test_labelled_rows_make_the_table_longer(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    session = desk.session()
    session.answer("yes")
    session.answer("no")
    lines = desk.output.read_text().splitlines()
    rows = labelled_rows(read_items(lines, "m"), None, "m")
    target = io.StringIO()
    absent = append_rows(io.StringIO("job,y,age,city\nclerk,no,20,Ulm\n"), target, rows, "y")
    assert absent == ["city"]
    assert list(csv.reader(io.StringIO(target.getvalue()))) == [
        ["job", "y", "age", "city"],
        ["clerk", "no", "20", "Ulm"],
        ["nurse", "yes", "44", ""],
        ["pilot", "no", "55", ""],
    ]
    with pytest.raises(CommandError, match="no column 'z'"):
        append_rows(io.StringIO("job,y\n"), io.StringIO(), rows, "z")


def test_of_an_item_that_was_labelled_twice_the_last_label_counts() -> None:
    about = {"class-name": "a", "confidence": 1}
    lines = [
        json.dumps({"source": '{"x": 1}', "l": 0, "l-metadata": about}),
        json.dumps({"source": '{"x": 1}', "l": 1, "l-metadata": {**about, "class-name": "b"}}),
        json.dumps({"source": '{"x": 2}'}),
    ]
    (row,) = labelled_rows(read_items(lines, "m"), None, "m")
    assert (row.label, row.cells) == ("b", {"x": "1"})


def test_several_labels_need_a_name_and_a_text_is_no_row() -> None:
    about = {"class-name": "a", "confidence": 1}
    two = {"source": "{}", "l": 0, "l-metadata": about, "k": 0, "k-metadata": about}
    with pytest.raises(CommandError, match="several labels: l, k"):
        labelled_rows(read_items([json.dumps(two)], "m"), None, "m")
    text = {"source": "a text", "l": 0, "l-metadata": about}
    with pytest.raises(CommandError, match="its source is no row"):
        labelled_rows(read_items([json.dumps(text)], "m"), None, "m")


def shown(item: object) -> str:
    console = Console(width=100, file=io.StringIO(), color_system=None)
    console.print(item)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_rows_and_texts_are_shown_without_control_sequences() -> None:
    told = shown(row_or_text(Item(1, {"source": json.dumps({"job": "\x1b[2Jclerk"})})))
    assert "job" in told
    assert "clerk" in told
    assert "\x1b" not in told
    assert "[bold]plain[/]" in shown(row_or_text(Item(1, {"source": "[bold]plain[/]"})))


def test_a_picture_is_shown_in_half_blocks() -> None:
    body = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(body, "PNG")
    told = shown(picture(body.getvalue(), "a.png"))
    assert told.count("▀") == 72 * 24
    with pytest.raises(CommandError, match="no picture"):
        picture(b"not a picture", "a.png")
