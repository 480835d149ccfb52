"""The built-in algorithm, answering."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import xgboost as xgb

from tests.fakes.models import booster, csv, rows
from windfall_local.engines.tables.algorithm import XgboostAlgorithm
from windfall_local.engines.tables.boosting import ModelError
from windfall_local.engines.tables.invocations import Invocation, RefusedError


class Asked:
    """A container over a model of some objective."""

    def __init__(self, folder: Path, objective: str = "binary:logistic", **variables: str) -> None:
        self.folder = folder
        (folder / "model").mkdir()
        booster(objective).save_model(folder / "model" / "xgboost-model.ubj")
        self.container = XgboostAlgorithm(folder / "model", variables)

    def __call__(self, body: bytes, content_type: str = "text/csv", accept: str = "") -> bytes:
        path = self.folder / "body"
        path.write_bytes(body)
        reply = self.container.answer(Invocation(path, content_type, accept))
        self.status, self.content_type = reply.status, reply.content_type
        return b"".join(reply.body)

    def refusal(self, *asked: Any) -> tuple[int, str]:
        with pytest.raises(RefusedError) as caught:
            self(*asked)
        return caught.value.status, caught.value.message


def predicted(objective: str = "binary:logistic", count: int = 3) -> list[Any]:
    found: list[Any] = booster(objective).predict(xgb.DMatrix(rows(count))).tolist()
    return found


def test_an_endpoint_joins_by_commas_and_a_batch_by_lines(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    endpoint, batch = Asked(tmp_path / "a"), Asked(tmp_path / "b", SAGEMAKER_BATCH="true")
    expected = predicted()
    assert endpoint(csv(rows(3))).decode() == ",".join(map(str, expected))
    assert endpoint.content_type == "text/csv; charset=utf-8"
    assert batch(csv(rows(3))).decode() == "".join(f"{one}\n" for one in expected)


def test_the_answer_is_json_where_that_is_wanted(tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    answer = json.loads(asked(csv(rows(2)), "text/csv", "application/json"))
    assert answer == {"predictions": [{"score": score} for score in predicted(count=2)]}
    assert asked.refusal(csv(rows(1)), "text/csv", "image/png")[0] == 406


def test_several_models_answer_with_their_mean(tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    other = xgb.train(
        {"objective": "binary:logistic", "base_score": 0.5},
        xgb.DMatrix(rows(), label=rows()[:, 3] > 0.5),
        5,
    )
    other.save_model(tmp_path / "model" / "second.ubj")
    container = XgboostAlgorithm(tmp_path / "model", {})
    (tmp_path / "body").write_bytes(csv(rows(3)))
    reply = container.answer(Invocation(tmp_path / "body", "text/csv"))
    said = [float(one) for one in b"".join(reply.body).split(b",")]
    both = [asked(csv(rows(3))).decode().split(","), other.predict(xgb.DMatrix(rows(3))).tolist()]
    means = [(float(a) + float(b)) / 2 for a, b in zip(*both, strict=True)]
    assert said == pytest.approx(means, abs=1e-5)


def test_classes_are_answered_as_lists(tmp_path: Path) -> None:
    asked = Asked(tmp_path, "multi:softprob")
    assert asked(csv(rows(2))).decode() == ",".join(map(str, predicted("multi:softprob", 2)))


@pytest.mark.parametrize(
    ("objective", "selected", "row"),
    [
        ("binary:logistic", "predicted_label,probability", lambda p: f"{int(p > 0.5)},{p}"),
        ("binary:logistic", "probabilities", lambda p: f'"{[1.0 - p, p]}"'),
        ("multi:softmax", "predicted_label,labels", lambda p: f'{p},"[0, 1, 2]"'),
        ("multi:softprob", "predicted_label", lambda p: str(p.index(max(p)))),
        ("reg:squarederror", "predicted_score,probability", lambda p: f"{p},nan"),
    ],
)
def test_selected_parts_of_predictions(
    tmp_path: Path, objective: str, selected: str, row: Any
) -> None:
    if objective == "reg:squarederror":
        selected = selected.replace("predicted_score", "predicted_score")
    asked = Asked(tmp_path, objective, SAGEMAKER_INFERENCE_OUTPUT=selected)
    said = asked(csv(rows(3))).decode().split("\n")
    assert said == [row(one) for one in predicted(objective)]
    lines = asked(csv(rows(2)), "text/csv", "application/jsonlines").splitlines()
    assert [list(json.loads(line)) for line in lines] == [selected.split(",")] * 2


def test_what_the_container_takes_and_what_not(tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    assert asked(b"") == b""
    assert asked.status == 204
    assert float(asked(b"0:0 1:0 2:0.5 3:0.5", "text/x-libsvm")) < 0.5
    assert asked(b"1;1;0;0") == asked(b"1,1,0,0\r\n")
    status, message = asked.refusal(b"?", "application/x-recordio-protobuf")
    assert (status, "application/x-recordio-protobuf" in message) == (415, True)
    assert asked.refusal(b"a,b,c,d")[0] == 415
    assert asked.refusal(b"1,2,3")[0] == 400
    status, message = asked.refusal(b"1,2,3,4\n" * 800_000)
    assert status == 413
    assert "MAX_CONTENT_LENGTH" in message


def test_the_limit_is_raised_to_twenty_megabytes_at_most(tmp_path: Path) -> None:
    asked = Asked(tmp_path, MAX_CONTENT_LENGTH=str(10**9))
    assert len(asked(b"0,0,0,0\n" * 900_000).split(b",")) == 900_000
    assert asked.refusal(b"0,0,0,0\n" * 3_000_000)[0] == 413


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no model"):
        XgboostAlgorithm(tmp_path, {})
    (tmp_path / "model").write_text("none")
    with pytest.raises(ModelError, match="cannot be loaded"):
        XgboostAlgorithm(tmp_path, {})
