"""Entries: what is packed comes out again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.api import Principal
from windfall_local.mirror.entries import (
    Begin,
    Entry,
    Observed,
    Request,
    Told,
    Whole,
    pack,
    unpack,
)
from windfall_local.mirror.passing import Piece
from windfall_local.wire.message import HttpRequest

text = st.text(max_size=20)
principals = st.sampled_from(
    [
        Principal.root(),
        Principal.role("arn:aws:iam::000000000000:role/r", "s"),
        Principal.service("events.amazonaws.com", "arn"),
    ]
)
requests = st.builds(
    Request,
    st.floats(0, 4e9),
    st.integers(0, 2**128 - 1),
    text,
    text,
    st.builds(HttpRequest, text, text, text, st.dictionaries(text, text), st.binary()),
    st.none() | st.builds(Observed, text, principals),
)


@given(
    st.builds(Begin, st.booleans())
    | st.builds(Whole, text, st.binary())
    | st.builds(Told, text)
    | requests
)
def test_what_was_packed_is_unpacked(entry: Entry) -> None:
    assert unpack(pack(entry)) == entry


def test_a_body_that_is_a_file_is_only_named() -> None:
    request = Request(1.5, 7, "s3", "PutObject", HttpRequest("PUT", "/b/k", body=b"x" * 9))
    packed = pack(Request(*(1.5, 7, "s3", "PutObject", request.http, None, Piece("name", 9))))

    found = unpack(packed)
    assert isinstance(found, Request)
    assert (found.http.body, found.body) == (b"", Piece("name", 9))


@pytest.mark.parametrize("packed", [b'{"kind": "begin", "format": 99, "start": true}\n', b"{}\n"])
def test_an_entry_of_another_version_is_refused(packed: bytes) -> None:
    with pytest.raises((ValueError, KeyError)):
        unpack(packed)
