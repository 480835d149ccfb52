"""Scripts that serve, with the toolkit's defaults and functions of their own."""

from __future__ import annotations

import io
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.models import SUMS, booster
from windfall_local.engines.tables.invocations import Invocation, RefusedError
from windfall_local.engines.tables.lines import PIECE
from windfall_local.engines.tables.scripts import Framework, ScriptContainer, ScriptError

_names = itertools.count()


class Served:
    """A container over a script of its own name, so that none is imported twice."""

    def __init__(self, folder: Path, source: str, framework: Framework = "scikit-learn") -> None:
        self.folder = folder
        name = f"script_{next(_names)}"
        (folder / f"{name}.py").write_text(source)
        variables = {"SAGEMAKER_PROGRAM": f"{name}.py"}
        self.container = ScriptContainer(folder, folder, framework, variables)

    def __call__(
        self, body: bytes, content_type: str = "text/csv", accept: str = "text/csv"
    ) -> bytes:
        path = self.folder / "body"
        path.write_bytes(body)
        reply = self.container.answer(Invocation(path, content_type, accept))
        self.status, self.content_type = reply.status, reply.content_type
        return b"".join(reply.body)


@pytest.fixture(autouse=True)
def import_path() -> Iterator[None]:
    before = list(sys.path)
    yield
    sys.path[:] = before


def test_the_defaults_know_csv_json_and_npy(tmp_path: Path) -> None:
    served = Served(tmp_path, SUMS)
    assert served(b"1,2\n3,4\n") == b"3.0\n7.0\n"
    assert served.content_type == "text/csv; charset=utf-8"
    assert served(b'"1","2"\n"3","4"\n') == b"3.0\n7.0\n"
    assert served(b"[[1, 2], [3, 4]]", "application/json", "application/json") == b"[3.0, 7.0]"
    array = io.BytesIO()
    np.save(array, np.ones((2, 2)))
    answer = served(array.getvalue(), "application/x-npy", "application/x-npy")
    assert np.load(io.BytesIO(answer)).tolist() == [2, 2]
    assert served(b"1,2\n3,4\n", accept="*/*") == b"[3.0, 7.0]", "JSON, where nothing is wanted"


@pytest.mark.parametrize(
    ("body", "content_type", "accept", "status"),
    [
        (b"1,2\n3,4", "application/x-recordio-protobuf", "text/csv", 415),
        (b"1,2\n3,4", "text/csv", "image/png", 406),
        (b"1,two\n3,4", "text/csv", "text/csv", 500),
        (b"1,\n3,4", "text/csv", "text/csv", 500),
        (b"1,2", "text/csv", "text/csv", 500),
    ],
    ids=["content type", "accept", "no number", "empty cell", "one row has one dimension"],
)
def test_what_the_defaults_refuse(
    tmp_path: Path, body: bytes, content_type: str, accept: str, status: int
) -> None:
    with pytest.raises(RefusedError) as caught:
        Served(tmp_path, SUMS)(body, content_type, accept)
    assert caught.value.status == status


def test_a_script_reads_and_writes_by_functions_of_its_own(tmp_path: Path) -> None:
    own = SUMS + (
        "import json, numpy as np\n"
        "def input_fn(body, content_type):\n"
        "    assert isinstance(body, str) and content_type == 'application/json'\n"
        "    return np.array(json.loads(body)['rows'])\n"
        "def predict_fn(rows, model):\n"
        "    return model.predict(rows) * 10\n"
        "def output_fn(prediction, accept):\n"
        "    return json.dumps({'sums': prediction.tolist()}), 'application/json'\n"
    )
    served = Served(tmp_path, own)
    answer = served(b'{"rows": [[1, 2]]}', "application/json", "application/json")
    assert json.loads(answer) == {"sums": [30]}


def test_transform_fn_does_it_all_and_excludes_the_others(tmp_path: Path) -> None:
    whole = SUMS + (
        "def transform_fn(model, body, content_type, accept):\n    return body.upper(), accept\n"
    )
    assert Served(tmp_path, whole)(b"one", "text/csv") == b"ONE"
    with pytest.raises(ScriptError, match="Cannot use transform_fn"):
        Served(tmp_path, whole + "def predict_fn(rows, model):\n    return rows\n")


def test_a_script_on_xgboost_gets_a_matrix(tmp_path: Path) -> None:
    booster().save_model(tmp_path / "model.ubj")
    source = (
        "import xgboost, os\n"
        "def model_fn(model_dir):\n"
        "    return xgboost.Booster(model_file=os.path.join(model_dir, 'model.ubj'))\n"
    )
    low, high = Served(tmp_path, source, "xgboost")(b"0,0,0,0\n1,1,1,1\n").split()
    assert float(low) < 0.5 < float(high)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import nonsense", "nonsense"),
        ("x = 1", "model_fn implementation"),
        ("def model_fn(folder):\n    raise OSError('no file')", "model_fn failed: OSError"),
    ],
)
def test_a_script_that_cannot_serve_says_why(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(ScriptError, match=said):
        Served(tmp_path, source)


def test_a_large_body_of_lines_goes_through_in_pieces_and_is_joined_in_order(
    tmp_path: Path,
) -> None:
    counting = SUMS + (
        "import pathlib\n"
        "def input_fn(body, content_type):\n"
        "    with open(__file__ + '.sizes', 'a') as file: file.write(f'{len(body)}\\n')\n"
        "    return [float(line.partition(',')[0]) for line in body.splitlines()]\n"
        "def predict_fn(rows, model):\n"
        "    return rows\n"
        "def output_fn(prediction, accept):\n"
        "    return '\\n'.join(f'{one:g}' for one in prediction), accept\n"
    )
    served = Served(tmp_path, counting)
    body = "\n".join(f"{number},{'0' * 90}" for number in range(150_000)).encode()
    assert len(body) > 2 * PIECE
    answer = served(body)
    assert [float(one) for one in answer.split()] == list(range(150_000))
    sizes = [int(one) for one in next(tmp_path.glob("*.sizes")).read_text().split()]
    assert len(sizes) == 3
    assert max(sizes) <= PIECE + 100
    assert sum(sizes) == len(body)
    # One document of JSON can't be joined: the script gets the whole.
    served(body, accept="application/json")
    assert int(next(tmp_path.glob("*.sizes")).read_text().split()[-1]) == len(body)


def test_the_defaults_keep_the_order_over_pieces(tmp_path: Path) -> None:
    served = Served(tmp_path, SUMS)
    body = "\n".join(f"{number},{'0' * 50}" for number in range(150_000)).encode()
    assert [float(one) for one in served(body).split()] == list(range(150_000))
    assert json.loads(served(body, accept="application/json")) == list(range(150_000))


def test_a_response_object_has_its_own_status(tmp_path: Path) -> None:
    own = SUMS + (
        "class Response:\n"
        "    status_code, mimetype = 422, 'text/plain'\n"
        "    def get_data(self): return b'no'\n"
        "def output_fn(prediction, accept):\n    return Response()\n"
    )
    served = Served(tmp_path, own)
    answer: Any = served(b"1,2\n3,4")
    assert (served.status, answer, served.content_type) == (422, b"no", "text/plain")
