"""One pair's chain of programs, kept running: a zero byte ends each request and answer."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Sequence

from windfall_local.engines import EngineUnavailableError

PATIENCE = 60.0
"""Seconds for one request; a sentence takes milliseconds, so a longer wait is a hang."""


class PipelineEndedError(EngineUnavailableError):
    """A program of the chain ended, or hangs; start the chain anew."""


class Pipeline:
    """A chain of programs, started when it is first asked.

    Args:
        stages: Each program with its arguments.
        environment: What they run with.
    """

    def __init__(self, stages: Sequence[Sequence[str]], environment: dict[str, str]) -> None:
        self._stages = stages
        self._environment = environment
        self._programs: list[subprocess.Popen[bytes]] = []

    def ask(self, request: bytes) -> bytes:
        """The answer to one request, without its closing zero byte.

        Raises:
            PipelineEndedError: No answer came; the chain is closed and starts anew when asked.
        """
        if not self._programs:
            self._start()
        first, last = self._programs[0].stdin, self._programs[-1].stdout
        assert first is not None
        assert last is not None
        try:
            first.write(request + b"\0")
            first.flush()
            return self._read(last.fileno())
        except (BrokenPipeError, PipelineEndedError) as error:
            self.close()
            raise PipelineEndedError(f"Apertium stopped ({error}).") from error

    def close(self) -> None:
        """End the programs."""
        for program in self._programs:
            for pipe in (program.stdin, program.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except BrokenPipeError:
                        continue
            program.kill()
        for program in self._programs:
            program.wait()
        self._programs = []

    @property
    def process_ids(self) -> list[int]:
        """Of the running programs, first to last."""
        return [program.pid for program in self._programs]

    def _start(self) -> None:
        before: subprocess.Popen[bytes] | None = None
        for stage in self._stages:
            try:
                program = subprocess.Popen(
                    stage,
                    stdin=subprocess.PIPE if before is None else before.stdout,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=self._environment,
                )
            except OSError as error:
                self.close()
                raise EngineUnavailableError(
                    f"A program of Apertium could not be started: {error}"
                ) from error
            if before is not None and before.stdout is not None:
                # Held by the next program only, so that the end of one ends all behind it.
                before.stdout.close()
            self._programs.append(program)
            before = program

    def _read(self, source: int) -> bytes:
        deadline = time.monotonic() + PATIENCE
        answer = bytearray()
        while not answer.endswith(b"\0"):
            ready, _, _ = select.select([source], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise PipelineEndedError(f"no answer within {PATIENCE:.0f} s")
            part = os.read(source, 1 << 16)
            if not part:
                raise PipelineEndedError("a program of the chain ended")
            answer += part
        if any(program.poll() is not None for program in self._programs):
            # Behind a program that died, the others answer the end of their input.
            raise PipelineEndedError("a program of the chain ended")
        return bytes(answer[:-1])
