"""How a model is trained: what a profile's `table.train` may say, and what was made of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from windfall.contracts.base import Contract, S3Pointer
from windfall.contracts.input_contract import ColumnType, Task

ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](-?[a-z0-9]){0,23}$")]
"""What a model is called: the profile that scores with it, and part of SageMaker's names."""

S3Uri = Annotated[str, StringConstraints(pattern=r"^s3://[a-z0-9.-]{3,63}/.+$")]
InstanceType = Annotated[str, StringConstraints(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
HyperParameter = Annotated[str, StringConstraints(max_length=2_500)] | int | float | bool


class Algorithm(StrEnum):
    """Who learns: SageMaker's own XGBoost, a scikit-learn script, or nobody (a finished model)."""

    XGBOOST = "xgboost"
    SCRIPT = "script"
    NONE = "none"


class Derivation(Contract):
    """A further column, made from another one: 1 where its cell is one of `values`, else 0."""

    name: str = Field(min_length=1, max_length=256)
    column: str = Field(min_length=1)
    values: list[str] = Field(min_length=1, max_length=1_000)


class SplitMethod(StrEnum):
    """Which rows are held out.

    stratified: as many of each class, by lot; random: by lot; group: all rows that have the same
    value in a column stay together; time: the latest rows of a column of times or numbers.
    """

    STRATIFIED = "stratified"
    RANDOM = "random"
    GROUP = "group"
    TIME = "time"


class SplitProfile(Contract):
    """How rows are held out.

    Attributes:
        method: Stratified for classes and random for numbers, when it is null.
        column: Of groups or times; it is not learnt from.
        held_out: The share of the rows that the model never sees until it is evaluated.
        seed: The lot; equal seeds hold out equal rows.
    """

    method: SplitMethod | None = None
    column: str | None = None
    held_out: float = Field(default=0.3, ge=0.05, le=0.9)
    seed: int = Field(default=1729, ge=0, le=2**31 - 1)

    @model_validator(mode="after")
    def _columns_are_named(self) -> Self:
        wanted = self.method in {SplitMethod.GROUP, SplitMethod.TIME}
        if wanted is not (self.column is not None):
            raise ValueError("column goes with the methods group and time, and only with them")
        return self


DeployMode = Literal["async", "serverless", "real_time", "none"]


class DeployProfile(Contract):
    """What serves the model afterwards.

    Attributes:
        mode: `async` queues files and costs nothing while idle; `serverless` and `real_time` answer
            at once; `none` leaves a model that batch transform scores with.
        most_instances: How far an asynchronous endpoint grows; it shrinks to none.
        memory_megabytes: Of a serverless endpoint, as is `concurrency`.
    """

    mode: DeployMode = "async"
    instance_type: InstanceType = "ml.m5.large"
    most_instances: int = Field(default=1, ge=1, le=100)
    memory_megabytes: Literal[1024, 2048, 3072, 4096, 5120, 6144] = 2048
    concurrency: int = Field(default=5, ge=1, le=200)


class TrainProfile(Contract):
    """What to train, as far as it is said; the rest is inferred and shown.

    Attributes:
        name: Of the model, and of the profile that scores with it; the file's name when null.
        target: The column that is predicted.
        positive: Of two classes the one that is looked for.
        class_names: What people call the classes.
        drop: Columns that are not learnt from.
        derive: Columns that are made from others.
        categories: Columns that are categories though they look like numbers.
        script: For `script`, the packed folder (`sourcedir.tar.gz`) with it; `entry` is its file.
        model_data: For `none`, the finished `model.tar.gz`, which is evaluated and deployed.
        image: Another container than the algorithm's own.
        hyperparameters: As the algorithm has them; they go before the defaults.
        explain: Columns by whose values Clarify looks for bias; it also explains.
        max_seconds: How long training may take.
    """

    name: ModelName | None = None
    target: str | None = None
    task: Task | None = None
    positive: str | None = None
    class_names: dict[str, str] = Field(default_factory=dict)
    algorithm: Algorithm = Algorithm.XGBOOST
    drop: list[str] = Field(default_factory=list)
    derive: list[Derivation] = Field(default_factory=list)
    categories: list[str] = Field(default_factory=list)
    script: S3Uri | None = None
    entry: Annotated[str, StringConstraints(pattern=r"^[\w./-]{1,200}\.py$")] = "train.py"
    model_data: S3Uri | None = None
    image: str | None = Field(default=None, min_length=1, max_length=255)
    hyperparameters: dict[str, HyperParameter] = Field(default={}, max_length=90)
    split: SplitProfile = Field(default_factory=SplitProfile)
    explain: list[str] = Field(default=[], max_length=10)
    instance_type: InstanceType = "ml.m5.large"
    instance_count: int = Field(default=1, ge=1, le=20)
    volume_gigabytes: int = Field(default=10, ge=1, le=1_000)
    max_seconds: int = Field(default=3_600, ge=60, le=432_000)
    deploy: DeployProfile = Field(default_factory=DeployProfile)

    @model_validator(mode="after")
    def _algorithms_have_what_they_need(self) -> Self:
        needs = {Algorithm.SCRIPT: "script", Algorithm.NONE: "model_data"}
        for algorithm, field in needs.items():
            if (getattr(self, field) is not None) is not (self.algorithm is algorithm):
                raise ValueError(f"{field} goes with algorithm {algorithm.value}, and only with it")
        return self


class LeftOut(Contract):
    """A column that is not learnt from, and why."""

    column: str
    reason: str


class LearntColumn(Contract):
    """A column that is learnt from."""

    name: str
    type: ColumnType


class TrainingSpec(Contract):
    """What is trained: the profile with everything decided, saved as `spec.json`.

    Attributes:
        classes: In the order of the model's answers; of two the second is the positive one.
        columns: Of the table, in its order; derived ones are not among them.
        inferred: What nobody said, and how it was decided.
        rows: That have a target; `counts` has those of each class.
    """

    version: Literal["1"] = "1"
    profile: TrainProfile
    name: ModelName
    target: str
    task: Task
    classes: list[str]
    columns: list[LearntColumn] = Field(min_length=1)
    left_out: list[LeftOut]
    split: SplitProfile
    hyperparameters: dict[str, str]
    inferred: list[str]
    rows: int = Field(ge=1)
    counts: dict[str, int]

    def called(self, label: str) -> str:
        """What people call a class."""
        return self.profile.class_names.get(label, label)


class SpecPointer(Contract):
    """Where a `TrainingSpec` lies, and what the machine asks of it."""

    spec: S3Pointer
    name: ModelName
    task: Task
    deploy: DeployMode = "async"


class SideCounts(Contract):
    """The rows on one side of the split, and of them those of each class."""

    rows: int = Field(ge=0)
    counts: dict[str, int] = Field(default_factory=dict)


class Split(Contract):
    """How a table was divided, saved as `split.json`.

    Attributes:
        training: Where the training rows lie, label first.
        held_out: Where the rows lie that the model is asked about: `held_out.csv`, in the order of
            `labels`, and `shuffled.csv`: the rows at the places `sample` of the held-out ones, once
            for each of the columns `shuffled`, with that column shuffled among them.
        labels: Each held-out row's number in the table and its label, a line each.
        contract: The input contract that was learnt.
        rejected: Rows that could not be sent to the model, as `reasons` says of the first ones.
    """

    version: Literal["1"] = "1"
    training: S3Pointer
    held_out: S3Pointer
    labels: S3Pointer
    contract: S3Pointer
    trained_on: SideCounts
    held_back: SideCounts
    shuffled: list[str]
    sample: list[int]
    rejected: int = Field(ge=0)
    reasons: list[str] = Field(default_factory=list)
