"""What SageMaker's jobs, models and endpoints are called: the same names in every try.

Names are an account's own, so they begin with a prefix that no other stack has, which the roles'
permissions name too. They end with the analysis and the attempt, so that a task that is tried
again finds what it paid for. SageMaker takes 63 characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windfall.contracts.subject import AnalysisSubject

VARIANT = "main"
"""The one variant that an endpoint has."""


@dataclass(frozen=True, slots=True)
class TrainingNames:
    """The names of one training.

    Attributes:
        prefix: This stack's, such as `windfall-1a2b3c4d`.
        model_name: What people call the model.
    """

    prefix: str
    model_name: str
    analysis_id: str
    attempt: int
    forced: bool = False

    @classmethod
    def of(cls, prefix: str, model_name: str, analysis: AnalysisSubject) -> TrainingNames:
        """The names of an analysis's training."""
        subject = analysis.analysis_id, analysis.attempt, analysis.forced
        return cls(prefix, model_name, *subject)

    @property
    def job(self) -> str:
        """Of the training job, the transform job and the processing job, each of its own kind."""
        return self._job(self.attempt)

    @property
    def earlier_jobs(self) -> list[str]:
        """The jobs that earlier attempts may have paid for, the newest first; none when forced."""
        return [] if self.forced else [self._job(one) for one in range(self.attempt - 1, 0, -1)]

    @property
    def version(self) -> str:
        """Of the model and of the endpoint's configuration, which never change."""
        return f"{self.prefix}-{self.model_name}-{self.analysis_id[:8]}-{self.attempt}"

    @property
    def endpoint(self) -> str:
        """Of the endpoint, which is updated, and of the group of the model's versions."""
        return f"{self.prefix}-{self.model_name}"

    @property
    def folder(self) -> str:
        """Where in the results bucket the model lies, beyond the life of the analysis."""
        return f"models/{self.model_name}/{self.analysis_id[:12]}-{self.attempt}/"

    def _job(self, attempt: int) -> str:
        return f"{self.prefix}-{self.analysis_id[:24]}-{attempt}"
