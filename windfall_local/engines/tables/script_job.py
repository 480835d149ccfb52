"""Script mode: the user's own script trains, as SageMaker's training toolkit runs it.

The script is called as `python train.py --name value …` with the hyperparameters; where its data
lie and where its model goes is told by variables (`SM_CHANNEL_TRAIN`, `SM_MODEL_DIR`, …).
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shlex
import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import Any

from windfall_local.engines.tables.contract import UserError, read_config

_OWN = "sagemaker_"
_KEPT_LINES = 20
"""Lines of what a script says on its error output that go into the failure."""


def run(base: Path, failure: Path) -> int:
    """Run the script; its exit code.

    Raises:
        UserError: There is no script, or it needs a package that is not here.
    """
    given = {key: _value(text) for key, text in read_config(base, "hyperparameters").items()}
    own = {key: value for key, value in given.items() if not key.startswith(_OWN)}
    program, code = str(given.get("sagemaker_program") or ""), base / "code"
    if not program:
        raise UserError("There is no script: name it in the hyperparameter sagemaker_program.")
    if not (code / program).exists():
        raise UserError(f"The script {program} is not in sagemaker_submit_directory.")
    check_requirements(code)
    arguments = _arguments(own)
    environment = {**os.environ, **_variables(base, given, own, arguments)}
    command = [sys.executable, program, *arguments]
    sys.stdout.write(f"Invoking script with the following command:\n\n{shlex.join(command)}\n\n")
    sys.stdout.flush()
    process = subprocess.Popen(
        command,
        cwd=code,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    said = _echo(process)
    status = process.wait()
    if status:
        failure.write_text(
            f'ExecuteUserScriptError:\nExitCode {status}\nErrorMessage "{said}"\n'
            f'Command "{shlex.join(["python", *command[1:]])}"',
            encoding="utf-8",
        )
        return 1
    return 0


def check_requirements(code: Path) -> None:
    """See that what a script's requirements.txt asks for is here; nothing is downloaded.

    Raises:
        UserError: A package is not.
    """
    path = code / "requirements.txt"
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", line)
        if name is None:
            continue
        try:
            importlib.metadata.version(name[1])
        except importlib.metadata.PackageNotFoundError as error:
            raise UserError(
                f"requirements.txt asks for {name[1]}, which is not installed here. On AWS the "
                "container would install it; here do it by hand, in the environment of Windfall."
            ) from error


def _echo(process: subprocess.Popen[str]) -> str:
    """Hand its error output on; the end of it."""
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    assert process.stderr is not None  # it is a pipe
    for line in process.stderr:
        sys.stderr.write(line)
        sys.stderr.flush()
        last.append(line)
    return "".join(last).strip()


def _value(text: str) -> Any:
    # The SDK writes every hyperparameter as JSON; what is none is itself.
    try:
        return json.loads(text)
    except ValueError:
        return text


def _arguments(own: dict[str, Any]) -> list[str]:
    found = []
    for name, value in own.items():
        found.append(f"-{name}" if len(name) == 1 else f"--{name}")
        found.append(str(value))
    return found


def _variables(
    base: Path, given: dict[str, Any], own: dict[str, Any], arguments: list[str]
) -> dict[str, str]:
    channels = read_config(base, "inputdataconfig")
    resources = read_config(base, "resourceconfig")
    program = str(given["sagemaker_program"])
    told: dict[str, Any] = {
        "hosts": resources["hosts"],
        "current_host": resources["current_host"],
        "network_interface_name": resources["network_interface_name"],
        "hps": own,
        "user_entry_point": program,
        "module_name": program.removesuffix(".py"),
        "module_dir": str(given.get("sagemaker_submit_directory") or base / "code"),
        "framework_params": {
            key: value
            for key, value in given.items()
            if key.startswith(_OWN) and key not in ("sagemaker_program",)
        },
        "resource_config": resources,
        "input_data_config": channels,
        "channels": sorted(channels),
        "log_level": given.get("sagemaker_container_log_level", 20),
        "input_dir": base / "input",
        "input_config_dir": base / "input" / "config",
        "output_dir": base / "output",
        "output_data_dir": base / "output" / "data",
        "output_intermediate_dir": base / "output" / "intermediate",
        "model_dir": base / "model",
        "num_cpus": os.cpu_count() or 1,
        "num_gpus": 0,
        "user_args": arguments,
        **{f"channel_{name}": base / "input" / "data" / name for name in channels},
        **{f"hp_{name}": value for name, value in own.items()},
    }
    return {f"SM_{name.upper()}": _text(value) for name, value in told.items()}


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, list | dict) else str(value)
