"""AWS Step Functions on one machine: definitions, an interpreter, the full history, its API.

- `service.py`: the API; its operations in `machine_operations.py`, `execution_operations.py` and
  `token_operations.py`, what they ask for in `requests.py`, what they say in `answers.py`
- `engine.py`: keeps executions running, announces and writes them down
- `interpreter.py`: one execution, block by block
- `states.py`: what each state does, retries, catchers, variables
- `fanout.py`: Parallel and Map
- `distribution.py`: distributed Maps; `map_items.py`, `item_readers.py`, `result_writer.py`,
  `map_runs.py`
- `redrives.py`: how an execution that did not succeed goes on
- `jobs.py`: jobs of SageMaker that a Task waits for
- `tasks.py`: what a Task calls; `resources.py` and `shapes.py` name and convert it
- `parsing.py`: Amazon States Language to typed states (`definition.py`), or diagnostics
- `queries.py`: JSONata: expressions, payload templates, Step Functions' own functions
- `history.py`: events, kept small and rendered when asked for
- `executions.py`: what is known of executions, running and ended
- `journal.py`: what survives the end of the process; `restoring.py` brings it back
"""

from windfall_local.api import AuthorizingCloud
from windfall_local.workflows.journal import Journal, SqliteJournal
from windfall_local.workflows.service import StepFunctionsService

__all__ = ["Journal", "SqliteJournal", "StepFunctionsService", "lasting_service"]


def lasting_service(cloud: AuthorizingCloud) -> StepFunctionsService:
    """Step Functions whose machines and executions outlive the process, in the cloud's folder."""
    journal = SqliteJournal(cloud.data_dir / "state" / "workflows.sqlite")
    return StepFunctionsService(cloud, journal, authorize=cloud.authorize)
