"""Amazon SageMaker's models, as far as tables are scored by them."""

from __future__ import annotations

from typing import Protocol


class ScoringModels(Protocol):
    """What SageMaker knows of endpoints and models.

    Each raises `NotFoundError` when there is none of that name, `InvalidInputError` when it can
    not serve, and `TransientError` when SageMaker can not answer now.
    """

    def endpoint_version(self, endpoint: str) -> str:
        """What an endpoint serves: another text after each deployment.

        An endpoint that is being created has a version already; requests to it wait.
        """
        ...

    def model_version(self, model: str) -> str:
        """What a model is; SageMaker's models never change under their name."""
        ...
