"""A container that serves, in a process of its own: it loads its model and answers until the end.

It is started with an open socket and speaks lines of JSON on it. Its first line says that it is
ready, or why not. Then each line asks for one invocation, whose body is a file, and is answered
when the answer lies in another file:

    → {"input": "/…/in", "output": "/…/out", "content_type": "text/csv", "accept": "", …}
    ← {"status": 200, "content_type": "text/csv; charset=utf-8"}

The end of the socket ends the process: a cloud that dies leaves none behind.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from windfall_local.engines.tables.contract import import_xgboost
from windfall_local.engines.tables.invocations import Container, Invocation, RefusedError


def main(descriptor: int, kind: str, folder: Path, code: Path) -> None:
    """Serve.

    Args:
        descriptor: The socket.
        kind: `xgboost`, `triton`, or the framework whose script serves: `scikit-learn`,
            `xgboost-script`.
        folder: The model's, `/opt/ml/model`.
        code: The script's.
    """
    # Ctrl-C reaches the whole process group; the parent decides when containers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=descriptor) as connection, connection.makefile("rwb") as channel:
        try:
            container = open_container(kind, folder, code)
        except Exception as error:
            traceback.print_exc()
            _say(channel, {"ready": False, "reason": f"{type(error).__name__}: {error}"})
            return
        _say(channel, {"ready": True})
        for line in channel:
            asked = json.loads(line)
            output = Path(asked.pop("output"))
            asked["body"] = Path(asked.pop("input"))
            _say(channel, _answer(container, Invocation(**asked), output))


def open_container(kind: str, folder: Path, code: Path) -> Container:
    """A container of a kind, with its model loaded."""
    # Each kind imports what it needs: XGBoost alone takes half a second.
    if kind == "xgboost":
        import_xgboost()
        from windfall_local.engines.tables.algorithm import XgboostAlgorithm  # noqa: PLC0415

        return XgboostAlgorithm(folder)
    if kind == "triton":
        from windfall_local.engines.tables.triton import TritonServer  # noqa: PLC0415

        return TritonServer(folder)
    from windfall_local.engines.tables.scripts import ScriptContainer  # noqa: PLC0415

    framework = "xgboost" if kind == "xgboost-script" else "scikit-learn"
    return ScriptContainer(folder, code, framework)  # type: ignore[arg-type]


def _answer(container: Container, invocation: Invocation, output: Path) -> dict[str, Any]:
    try:
        reply = container.answer(invocation)
        with output.open("wb") as file:
            for piece in reply.body:
                file.write(piece)
    except RefusedError as error:
        output.write_text(error.message, encoding="utf-8")
        return {"status": error.status, "content_type": "text/html; charset=utf-8"}
    except Exception as error:
        # A bug of this container is its error 500; it serves on.
        traceback.print_exc()
        output.write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        return {"status": 500, "content_type": "text/html; charset=utf-8"}
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return {"status": reply.status, "content_type": reply.content_type}


def _say(channel: Any, document: dict[str, Any]) -> None:
    channel.write(json.dumps(document).encode() + b"\n")
    channel.flush()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
