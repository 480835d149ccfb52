"""AWS X-Ray on one machine: what is told of traces, and the traces.

- `service.py`: the API
- `traces.py`: the documents, in memory and bounded
- `filters.py`: filter expressions
- `inbox.py`: the daemon's place beside a function, where its documents come in by UDP

Nothing here draws a map of services, samples by rules of one's own, or outlives the process.
"""

from windfall_local.services.xray.service import XRayService

__all__ = ["XRayService"]
