"""Records of a transform job on their way in and out."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.services.sagemaker.batches import Processing, TransformError
from windfall_local.services.sagemaker.filters import Filter


def processing(**more: Any) -> Processing:
    wanted: dict[str, Any] = {
        "split": True,
        "single": False,
        "limit": 1024,
        "assemble": True,
        "content_type": "text/csv",
        "accept": "text/csv",
        "before": Filter(None),
        "after": Filter(None),
        "joins": False,
    }
    return Processing(**{**wanted, **more})


def batches(text: bytes, **more: Any) -> list[tuple[list[bytes], bytes]]:
    return list(processing(**more).batches(io.BytesIO(text), len(text)))


ROWS = st.lists(st.binary(min_size=1, max_size=30).filter(lambda row: row.strip()), max_size=40)


@given(ROWS, st.integers(40, 200))
def test_every_record_goes_in_once_in_order_and_no_payload_is_too_large(
    rows: list[bytes], limit: int
) -> None:
    rows = [
        row.translate(bytes.maketrans(b'\n\r"\x0b\x0c\x1c\x1d\x1e\x85', b"nrqxxxxxx"))
        for row in rows
    ]
    found = batches(b"\n".join(rows), limit=limit)
    assert [record for records, _ in found for record in records] == rows
    assert all(len(payload) <= limit for _, payload in found)
    assert all(payload.count(b"\n") == len(records) for records, payload in found)


def test_a_record_may_have_line_ends_within_quotes() -> None:
    [(records, _)] = batches(b'1,"two\nlines"\n\n2,plain\r\n')
    assert records == [b'1,"two\nlines"', b"2,plain"]


def test_a_single_record_goes_in_alone_and_a_file_that_is_not_split_as_a_whole() -> None:
    assert [payload for _, payload in batches(b"1\n2\n3", single=True)] == [b"1\n", b"2\n", b"3\n"]
    assert batches(b"1\n2\n", split=False) == [([b"1\n2\n"], b"1\n2\n")]
    assert len(batches(b"1\n" * 5000, limit=0)) == 1


def test_what_is_larger_than_a_payload_may_be_is_refused() -> None:
    with pytest.raises(TransformError, match="A record has 2,000 bytes"):
        batches(b"x" * 2000 + b"\n1\n")
    with pytest.raises(TransformError, match="set SplitType to Line"):
        batches(b"x" * 2000, split=False)


def assembled(tmp_path: Path, answer: bytes, records: list[bytes], **more: Any) -> bytes:
    (tmp_path / "answer").write_bytes(answer)
    return processing(**more).assembled(records, tmp_path / "answer", "text/csv")


@pytest.mark.parametrize(
    ("answer", "assemble", "out"),
    [(b"1\n2", True, b"1\n2\n"), (b"1\n2\n", True, b"1\n2\n"), (b"1\n2", False, b"1\n2")],
)
def test_answers_are_put_together_by_lines_or_as_they_are(
    tmp_path: Path, answer: bytes, assemble: bool, out: bytes
) -> None:
    assert assembled(tmp_path, answer, [b"a", b"b"], assemble=assemble) == out


def test_json_predictions_are_joined_one_to_each_record(tmp_path: Path) -> None:
    wanted = {"content_type": "application/jsonlines", "accept": "application/json", "joins": True}
    out = assembled(
        tmp_path, b'{"predictions": [{"score": 1}, {"score": 2}]}', [b'{"a":1}', b'{"a":2}'],
        **wanted,
    )  # fmt: skip
    assert out == (
        b'{"a":1,"SageMakerOutput":{"score":1}}\n{"a":2,"SageMakerOutput":{"score":2}}\n'
    )


def test_predictions_that_do_not_fit_their_records_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TransformError, match="1 predictions for 2 records"):
        assembled(tmp_path, b"1\n", [b"a", b"b"], joins=True)
    with pytest.raises(TransformError, match="selects nothing"):
        assembled(tmp_path, b"1\n", [b"a"], joins=True, after=Filter("$[7]"))
    with pytest.raises(TransformError, match="can't be read as application/jsonlines"):
        assembled(tmp_path, b"1\n", [b"{"], joins=True, content_type="application/jsonlines")
