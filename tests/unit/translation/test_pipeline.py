"""A chain of programs answers request by request, and starts anew when one of them dies."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from windfall_local.engines import EngineUnavailableError
from windfall_local.engines.translation.pipeline import Pipeline, PipelineEndedError

UPPER = """
import sys
while True:
    letters = bytearray()
    while (letter := sys.stdin.buffer.read(1)) != b"\\0":
        if not letter:
            sys.exit()
        letters += letter
    if letters == b"DIE" or letters == b"die":
        sys.exit()
    sys.stdout.buffer.write(bytes(letters).upper() + b"\\0")
    sys.stdout.buffer.flush()
"""


@pytest.fixture
def pipeline() -> Iterator[Pipeline]:
    stage = [sys.executable, "-c", UPPER]
    pipeline = Pipeline([stage, stage], dict(os.environ))
    yield pipeline
    pipeline.close()


def test_each_request_gets_its_answer(pipeline: Pipeline) -> None:
    assert [pipeline.ask(b"one"), pipeline.ask(b"two")] == [b"ONE", b"TWO"]


def test_the_programs_stay_between_requests(pipeline: Pipeline) -> None:
    pipeline.ask(b"one")
    before = pipeline.process_ids
    pipeline.ask(b"two")
    assert pipeline.process_ids == before


def test_a_chain_whose_program_died_says_so_and_starts_anew(pipeline: Pipeline) -> None:
    with pytest.raises(PipelineEndedError):
        pipeline.ask(b"die")
    assert pipeline.ask(b"one") == b"ONE"


def test_a_chain_killed_from_outside_starts_anew(pipeline: Pipeline) -> None:
    pipeline.ask(b"one")
    os.kill(pipeline.process_ids[1], signal.SIGKILL)
    with pytest.raises(PipelineEndedError):
        pipeline.ask(b"two")
    assert pipeline.ask(b"two") == b"TWO"


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(EngineUnavailableError, match="no-such-program"):
        Pipeline([["/no-such-program"]], {}).ask(b"one")
