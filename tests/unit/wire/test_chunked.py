"""`aws-chunked` bodies are taken apart whatever their chunks are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.api import ServiceError
from windfall_local.wire.chunked import split_chunks


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=50), max_size=5),
    trailers=st.dictionaries(
        st.text("abcxyz-", min_size=1, max_size=8),
        st.text("ABC123=", min_size=1, max_size=8),
        max_size=2,
    ),
)
def test_content_and_trailers_come_back(chunks: list[bytes], trailers: dict[str, str]) -> None:
    body = b"".join(b"%x;chunk-signature=abc\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    body += b"0;chunk-signature=end\r\n"
    body += "".join(f"{name}:{value}\r\n" for name, value in trailers.items()).encode() + b"\r\n"

    found = split_chunks(body)

    assert found.joined() == b"".join(chunks)
    assert [chunk.signature for chunk in found.chunks] == ["abc"] * len(chunks) + ["end"]
    assert found.trailers == trailers


@pytest.mark.parametrize("body", [b"", b"5\r\nab", b"5\r\nhello", b"zz\r\n", b"5\r\nhelloXX0\r\n"])
def test_a_body_that_is_cut_off_is_refused(body: bytes) -> None:
    with pytest.raises(ServiceError):
        split_chunks(body)
