"""Calls without a name: claimed, made once, answered from what is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.hooks import Interleaver
from tests.fakes.storage import FakeObjectStore
from windfall.checkpoints import Checkpoints
from windfall.claims import Claims, is_asked_once
from windfall.contracts.base import OutputLocation, S3Pointer
from windfall.errors import (
    ConflictError,
    InvalidInputError,
    TransientError,
    UnansweredError,
)

FOLDER = S3Pointer(bucket="results", key="results/f/claims/labels/1/")
ACTORS = 3
MOST_TRIES = 6


class Death(BaseException):
    """The function is killed."""


def answer() -> dict[str, int]:
    return {"answer": 1}


def never() -> dict[str, int]:
    raise AssertionError("It is asked again.")


@pytest.mark.parametrize("said", [{"Labels": [{"Name": "Ä"}]}, b"\x00\xffnot\nJSON", [], "", b""])
def test_an_answer_is_kept_and_not_asked_for_again(said: object) -> None:
    store = FakeObjectStore()
    assert Claims(store, FOLDER).once("a", lambda: said) == said
    assert Claims(store, FOLDER).once("a", never) == said


@pytest.mark.parametrize("error", [Death(), TransientError("The connection broke.")])
def test_what_may_have_been_paid_for_is_not_asked_for_again(error: BaseException) -> None:
    store = FakeObjectStore()
    with pytest.raises((Death, UnansweredError)):
        Claims(store, FOLDER).once("a", lambda: raised(error))
    with pytest.raises(UnansweredError, match="windfall rerun"):
        Claims(store, FOLDER).once("a", never)


@pytest.mark.parametrize(
    "refusal",
    [
        TransientError("Rate exceeded", is_refusal=True),
        InvalidInputError("The image is too large."),
        PermissionError("AccessDenied"),
    ],
)
def test_what_was_refused_is_asked_for_again(refusal: Exception) -> None:
    store = FakeObjectStore()
    for _ in range(3):
        with pytest.raises(type(refusal)):
            Claims(store, FOLDER).once("a", lambda: raised(refusal))
    assert Claims(store, FOLDER).once("a", answer) == answer()


def test_only_within_the_call_is_anybody_told_not_to_repeat_it() -> None:
    told = []
    Claims(FakeObjectStore(), FOLDER).once("a", lambda: told.append(is_asked_once()))
    assert (told, is_asked_once()) == ([True], False)


def test_each_attempt_asks_for_itself_and_without_the_setting_nothing_is_written() -> None:
    store = FakeObjectStore()

    def checkpoints(attempt: int | None) -> Checkpoints:
        output = OutputLocation(bucket="results", prefix="results/f/", claimed_by=attempt)
        return Checkpoints(store, output, "labels")

    assert checkpoints(None).once("a", answer) == answer()
    assert store.everything() == {}
    with pytest.raises(Death):
        checkpoints(1).once("a", lambda: raised(Death()))
    with pytest.raises(UnansweredError):
        checkpoints(1).once("a", never)
    assert checkpoints(2).once("a", answer) == answer()
    assert checkpoints(None).once("a", answer) == answer()


def raised(error: BaseException) -> Any:
    raise error


class ForgetfulStore(FakeObjectStore):
    """Writes, and is not heard; whoever tries again finds that its condition does not hold."""

    def __init__(self, forgets: list[bool], interleaver: Interleaver) -> None:
        super().__init__(interleaver)
        self._forgets = forgets

    def write_if(
        self, bucket: str, key: str, body: bytes, media_type: str, etag: str | None
    ) -> S3Pointer:
        """Write, and now and then say that it was not done."""
        pointer = super().write_if(bucket, key, body, media_type, etag)
        if self._forgets and self._forgets.pop():
            raise ConflictError("At least one of the pre-conditions did not hold.")
        return pointer


class Service:
    """Does as the test says, call by call; then it answers."""

    def __init__(self, ends: list[str], interleaver: Interleaver) -> None:
        self._ends = ends
        self._interleaver = interleaver
        self.done = 0

    def ask(self) -> str:
        """Do it, or not."""
        self._interleaver.before("ask")
        end = self._ends.pop() if self._ends else "answers"
        if end == "dies before":
            raise Death
        if end == "refuses":
            raise TransientError("Rate exceeded", is_refusal=True)
        self.done += 1
        if end == "dies after":
            raise Death
        if end == "breaks":
            raise TransientError("The connection broke.")
        return "answer"


@given(
    ends=st.lists(st.sampled_from(["refuses", "dies before", "dies after", "breaks"]), max_size=5),
    forgets=st.lists(st.booleans(), max_size=8),
    schedule=st.lists(st.integers(0, ACTORS - 1), max_size=40),
)
def test_however_tries_interleave_a_call_is_done_once_at_most(
    ends: list[str], forgets: list[bool], schedule: list[int]
) -> None:
    is_harmless = set(ends) <= {"refuses"}
    interleaver = Interleaver()
    store, service = ForgetfulStore(forgets, interleaver), Service(ends, interleaver)
    found: list[str] = []

    def actor() -> None:
        for _ in range(MOST_TRIES):
            try:
                found.append(Claims(store, FOLDER).once("a", service.ask))
            except UnansweredError:
                found.append("unanswered")
            except (Death, TransientError):
                continue  # it is delivered again
            return
        raise AssertionError("It never ends.")

    actors: list[Callable[[], object]] = [actor] * ACTORS
    interleaver.run(actors, schedule)

    assert service.done <= 1
    assert len(found) == ACTORS
    assert set(found) <= {"answer", "unanswered"}
    if is_harmless:
        assert "answer" in found
