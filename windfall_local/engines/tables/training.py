"""A container that trains, in a process of its own, below a folder that stands for `/opt/ml`.

    input/config/hyperparameters.json, inputdataconfig.json, resourceconfig.json
    input/data/<channel>/…
    code/…                  the user's script
    model/…                 what is left here becomes model.tar.gz
    output/data/…           and this output.tar.gz
    output/failure          why it failed

Exit code 0 is success; 2 says that the user is to blame, as AWS's algorithms have it; all else is a
failure of the algorithm, or of the script.
"""

from __future__ import annotations

import logging
import signal
import sys
import traceback
from pathlib import Path

from windfall_local.engines.tables import lifeline
from windfall_local.engines.tables.contract import (
    USERS_FAULT,
    UserError,
    import_xgboost,
    read_config,
)
from windfall_local.engines.tables.hyperparameters import read_hyperparameters


def main(base: Path, kind: str) -> int:
    """Train; the exit code.

    Args:
        base: `/opt/ml`.
        kind: `xgboost`, or the framework that runs a script: `scikit-learn`, `xgboost-script`.
    """
    lifeline.hold_on()
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="[%(asctime)s] %(message)s")
    # Being stopped is an end, and no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    failure = base / "output" / "failure"
    try:
        if kind == "xgboost":
            # What is wrong with these is told before the heavy part begins.
            read_hyperparameters(read_config(base, "hyperparameters"))
            import_xgboost()
            from windfall_local.engines.tables.boosting_job import train  # noqa: PLC0415 - heavy

            train(base)
        else:
            from windfall_local.engines.tables.script_job import run  # noqa: PLC0415

            return run(base, failure)
    except UserError as error:
        sys.stderr.write(f"Customer Error: {error}\n")
        failure.write_text(str(error), encoding="utf-8")
        return USERS_FAULT
    except Exception as error:
        traceback.print_exc()
        failure.write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
