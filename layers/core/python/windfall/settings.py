"""What a function reads from its environment, as a model that names what is missing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from windfall.errors import InvalidInputError


class EnvironmentSettings(BaseModel):
    """The base of a function's settings: the field `results_bucket` is `RESULTS_BUCKET`.

    Each function declares only what it needs, so its template entry and its role stay small.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read every field from the environment.

        Raises:
            InvalidInputError: A variable is missing or wrong; the message names all of them.
        """
        source = os.environ if environment is None else environment
        values = {name: source[name.upper()] for name in cls.model_fields if name.upper() in source}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = "; ".join(
                f"{str(problem['loc'][0]).upper()}: {problem['msg']}" for problem in error.errors()
            )
            raise InvalidInputError(f"The function's environment is wrong: {problems}") from error
