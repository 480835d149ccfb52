"""`aws-chunked` bodies are taken apart whatever their chunks are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.api import ServiceError
from windfall_local.wire.chunked import Chunks


def taken_apart(body: bytes, step: int) -> tuple[bytes, list[str], dict[str, str]]:
    """The content, the chunks' signatures and the trailers of a body that comes in steps."""
    chunks, content, signatures = Chunks(), b"", []
    for start in range(0, len(body), step):
        for part in chunks.feed(body[start : start + step]):
            content += part.data
            if part.signature is not None:
                signatures.append(part.signature)
    return content, signatures, chunks.finish()


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=50), max_size=5),
    trailers=st.dictionaries(
        st.text("abcxyz-", min_size=1, max_size=8),
        st.text("ABC123=", min_size=1, max_size=8),
        max_size=2,
    ),
    step=st.integers(1, 300),
)
def test_content_and_trailers_come_back(
    chunks: list[bytes], trailers: dict[str, str], step: int
) -> None:
    body = b"".join(b"%x;chunk-signature=abc\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    body += b"0;chunk-signature=end\r\n"
    body += "".join(f"{name}:{value}\r\n" for name, value in trailers.items()).encode() + b"\r\n"

    assert taken_apart(body, step) == (
        b"".join(chunks),
        ["abc"] * len(chunks) + ["end"],
        trailers,
    )


@pytest.mark.parametrize("step", [1, 100])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"5\r\nab",
        b"5\r\nhello",
        b"zz\r\n",
        b"5\r\nhelloXX0\r\n",
        b"-5\r\nhello\r\n0\r\n",
        b"5" * 9000,
    ],
)
def test_a_body_that_is_cut_off_is_refused(body: bytes, step: int) -> None:
    with pytest.raises(ServiceError):
        taken_apart(body, step)
