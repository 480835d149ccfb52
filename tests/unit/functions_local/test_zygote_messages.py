"""Orders to the zygote."""

from __future__ import annotations

import os
import socket
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.functions import zygote

documents = st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text()), max_size=20)


@given(st.lists(documents, min_size=1, max_size=5))
def test_documents_arrive_as_they_were_sent(sent: list[dict[str, Any]]) -> None:
    left, right = socket.socketpair()
    with left, right:

        def send() -> None:
            for document in sent:
                zygote.send_message(left, document)

        sender = threading.Thread(target=send)
        sender.start()
        assert [zygote.receive_message(right)[0] for _ in sent] == sent
        sender.join()


def test_a_descriptor_travels_with_its_document() -> None:
    left, right = socket.socketpair()
    reading, writing = os.pipe()
    with left, right:
        zygote.send_message(left, {"a": 1}, (writing,))
        os.close(writing)
        document, [received] = zygote.receive_message(right)
        os.write(received, b"through")
        os.close(received)
    assert document == {"a": 1}
    assert os.read(reading, 100) == b"through"
    os.close(reading)


def test_the_end_of_the_other_side_is_an_end() -> None:
    left, right = socket.socketpair()
    left.close()
    with right, pytest.raises(EOFError):
        zygote.receive_message(right)
