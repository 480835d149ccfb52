"""Every model that is fetched, and the sources that bring them.

To add a kind of package: write a `Source`, put its models into `CATALOGUE` and the source into
`SOURCES` below. `windfall models list|pull` and `require` need nothing else.
"""

from __future__ import annotations

from windfall_local.engines.models import debian, npm, pypi
from windfall_local.engines.models.sources import Model, Source

CATALOGUE: tuple[Model, ...] = (*npm.MODELS, *pypi.MODELS, *debian.MODELS)

SOURCES: dict[str, Source] = {
    source.name: source for source in (npm.NpmSource(), pypi.PypiSource(), debian.DebianSource())
}
