"""The built-in algorithm, training: what it is told, and what it makes of the data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.fakes.models import csv, rows
from windfall_local.engines.tables.boosting import Boosters
from windfall_local.engines.tables.boosting_job import train
from windfall_local.engines.tables.contract import UserError
from windfall_local.engines.tables.hyperparameters import read_hyperparameters


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Missing required hyperparameter: num_round"),
        ({"num_round": "0"}, "num_round: value 0 is not allowed: it must be between 1"),
        ({"num_round": "many"}, "num_round: value many"),
        ({"num_round": "1", "eta": "1.5"}, "eta: value 1.5"),
        ({"num_round": "1", "subsample": "0"}, "subsample: value 0"),
        ({"num_round": "1", "objective": "reg:nonsense"}, "objective: value reg:nonsense"),
        ({"num_round": "1", "objective": "multi:softmax"}, "'num_class'"),
        ({"num_round": "1", "monotone_constraints": "(1,"}, "monotone_constraints"),
        ({"num_round": "1", "colour": "red"}, "Extraneous hyperparameter found: colour"),
    ],
)
def test_hyperparameters_that_sagemaker_does_not_take_are_named(
    given: dict[str, str], said: str
) -> None:
    with pytest.raises(UserError, match=said.replace("(", r"\(")):
        read_hyperparameters(given)


def test_hyperparameters_are_read_as_the_sdk_writes_them_and_what_is_gone_is_left_out() -> None:
    found = read_hyperparameters(
        {
            "num_round": "10",
            "max_depth": '"3"',
            "eval_metric": "auc,accuracy",
            "predictor": "auto",
            "sagemaker_job_name": '"job"',
            "monotone_constraints": "(1,-1)",
        }
    )
    assert found == {
        "num_round": 10,
        "max_depth": 3,
        "eval_metric": ["auc", "accuracy"],
        "monotone_constraints": "(1,-1)",
    }


class Job:
    """A folder that stands for `/opt/ml`."""

    def __init__(self, base: Path) -> None:
        self.base = base
        for folder in ("input/config", "model"):
            (base / folder).mkdir(parents=True)
        self.channels: dict[str, Any] = {}

    def channel(self, name: str, content: bytes, content_type: str | None = "text/csv") -> None:
        folder = self.base / "input" / "data" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"part-{len(list(folder.iterdir()))}").write_bytes(content)
        self.channels[name] = {"ContentType": content_type} if content_type else {}

    def train(self, **hyperparameters: str) -> Boosters:
        wanted = {"num_round": "8", "objective": "binary:logistic", "nthread": "1"}
        for name, document in (
            ("hyperparameters", wanted | hyperparameters),
            ("inputdataconfig", self.channels),
        ):
            path = self.base / "input" / "config" / f"{name}.json"
            path.write_text(json.dumps(document))
        train(self.base)
        return Boosters(self.base / "model")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def labelled(count: int = 200) -> Any:
    table = rows(count)
    label = (table[:, 0] + table[:, 1] > 1).astype(np.float32)
    return np.column_stack([label, table])


def scores(model: Boosters) -> tuple[float, float]:
    import xgboost as xgb

    low, high = model.predict(xgb.DMatrix(np.array([[0, 0, 0, 0], [1, 1, 1, 1]])))
    return float(low), float(high)


def test_the_label_is_the_first_column_and_a_channel_may_have_several_files(
    job: Job, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    table = labelled()
    job.channel("train", csv(table[:100]))
    job.channel("train", csv(table[100:]))
    job.channel("validation", csv(table[:50]))
    with caplog.at_level("INFO"):
        model = job.train(eval_metric="logloss,accuracy")
    assert "Train matrix has 200 rows and 4 columns" in caplog.text
    assert model.width == 4
    low, high = scores(model)
    assert low < 0.4
    assert high > 0.6
    printed = capfd.readouterr().out
    last = next(line for line in printed.splitlines() if line.startswith("[7]"))
    assert all(f"\t{one}:" in last for one in ("train-logloss", "validation-accuracy"))


def test_other_forms_of_the_same_data_give_the_same_model(tmp_path: Path) -> None:
    table = labelled()
    libsvm = "\n".join(
        f"{row[0]:g} " + " ".join(f"{place}:{value}" for place, value in enumerate(row[1:]))
        for row in table.tolist()
    )
    parquet.write_table(
        pa.table({str(number): column for number, column in enumerate(table.T)}),
        tmp_path / "table.parquet",
    )
    forms = {
        "text/csv": csv(table).replace(b",", b";"),
        "application/x-parquet": (tmp_path / "table.parquet").read_bytes(),
        None: libsvm.encode(),
    }
    found = []
    for number, (content_type, content) in enumerate(forms.items()):
        job = Job(tmp_path / str(number))
        job.channel("train", content, content_type)
        found.append(scores(job.train()))
    assert found[1] == pytest.approx(found[0])
    assert found[2] == pytest.approx(found[0])


def test_weights_stand_in_the_second_column(job: Job) -> None:
    table = labelled()
    # Rows of the other opinion weigh nothing.
    opposed = table.copy()
    opposed[:, 0] = 1 - opposed[:, 0]
    weights = np.array([1.0] * len(table) + [1e-6] * len(table), np.float32)
    both = np.vstack([table, opposed])
    job.channel("train", csv(np.column_stack([both[:, :1], weights, both[:, 1:]])))
    low, high = scores(job.train(csv_weights="1"))
    assert low < 0.4
    assert high > 0.6


def test_training_stops_early_and_keeps_the_best(job: Job) -> None:
    table = labelled()
    noise = table.copy()
    noise[:, 0] = np.random.default_rng(0).integers(0, 2, len(noise))
    job.channel("train", csv(table))
    job.channel("validation", csv(noise))
    job.train(num_round="300", early_stopping_rounds="3", eval_metric="logloss")
    import xgboost as xgb

    content = (job.base / "model" / "xgboost-model").read_bytes()
    model = xgb.Booster(model_file=bytearray(content))
    assert model.num_boosted_rounds() < 50


@pytest.mark.parametrize(
    ("channel", "content", "content_type", "said"),
    [
        ("test", b"1,2\n", "text/csv", "channel 'train' is required"),
        ("train", b"", "text/csv", "no rows"),
        ("train", b"label,a\n1,2\n", "text/csv", "Row 1: .*label"),
        ("train", b"1\n0\n", "text/csv", "a label, no features"),
        ("train", b",2\n1,3\n", "text/csv", "without a label"),
        ("train", b"2,1\n0,1\n", "text/csv", "label must be in"),
        ("train", b"x", "image/png", "not an accepted ContentType"),
        ("train", b"1 a:1\n", None, "not in libsvm format"),
    ],
)
def test_data_that_are_to_blame_are_the_users_fault(
    job: Job, channel: str, content: bytes, content_type: str | None, said: str
) -> None:
    job.channel(channel, content, content_type)
    with pytest.raises(UserError, match=said):
        job.train()
