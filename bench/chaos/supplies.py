"""What tables need before they are dropped (profiles, models, endpoints), and folders of texts."""

from __future__ import annotations

import json
import random
from functools import cached_property

from bench.chaos.files import File, make_file
from tests.e2e.deployment import Deployment
from tests.e2e.models import Models, as_csv, rows
from tests.fakes.models import boosted
from tests.fakes.tables import HEADER, customers
from tests.fakes.tables import as_csv as as_csv_of
from windfall.contracts.translations import FolderTranslationRequested
from windfall_cli.stack import Stack

_ROWS, _CUSTOMERS = 40, 400
_UNREADABLE = ["c", "no number", "1", "2", "3"]
"""A row that does not fit the model; with it, each table has rows that are rejected."""
_SENTENCES = ("The house is big.", "The garden is beautiful.", "The cat is black.")


class Supplies:
    """Makes files of every kind, with what they need beside the stack.

    Args:
        stack: Where.
        draw: What no two have in common.
    """

    def __init__(self, stack: Stack, draw: random.Random) -> None:
        self.deployment = Deployment(stack)
        self._draw = draw
        self._profiles: dict[str, str] = {}

    def close(self) -> None:
        """Close every client."""
        self.deployment.close()

    def file(self, number: int, kind: str) -> File:
        """A file: of `make_file`'s kinds, a `training`, or a table with the mode of its scoring."""
        if kind == "training":
            return self._training(number)
        if kind in ("async", "real_time", "batch_transform"):
            table = [*rows(_ROWS, seed=self._draw.getrandbits(32)), _UNREADABLE]
            return File(f"{kind} {number}.csv", as_csv(table), {"windfall-profile": self._of(kind)})
        return make_file(number, kind, self._draw)

    def folder(self, number: int) -> FolderTranslationRequested:
        """Put documents into a folder; the request for them in another language."""
        request = FolderTranslationRequested(
            request=f"chaos {number}",
            bucket=self.deployment.output("ResultsBucketName"),
            prefix=f"folders/chaos-{number}/",
            source="en",
            targets=["es"],
        )
        s3 = self.deployment.client("s3")
        for place, sentence in enumerate(_SENTENCES):
            key = f"{request.prefix}{place}.txt"
            s3.put_object(Bucket=request.bucket, Key=key, Body=f"{sentence} {number}".encode())
        return request

    def ask(self, request: FolderTranslationRequested) -> None:
        """Put a request on the bus."""
        self.deployment.put_event("FolderTranslationRequested", request.model_dump(mode="json"))

    def _training(self, number: int) -> File:
        """Customers to learn from, under a name of their own: two would share an endpoint."""
        body = as_csv_of(HEADER, customers(_CUSTOMERS, seed=self._draw.getrandbits(32)))
        modes = ("async", "serverless")
        train = {
            "name": f"chaos-{number}",
            "explain": ["member"],
            "deploy": {"mode": modes[number % 2]},
        }
        return File(f"customers {number}.csv", body, {"windfall-train": json.dumps(train)})

    def _of(self, mode: str) -> str:
        """The profile that scores in a mode; made when it is first asked for."""
        if mode not in self._profiles:
            plain = {"contract": self._models.contract(), "most_rejected": 50, "mode": mode}
            serving = (
                {"model": self._model}
                if mode == "batch_transform"
                else {"endpoint": self._models.endpoint(self._model, asynchronous=mode == "async")}
            )
            name = f"chaos-{mode.replace('_', '-')}"
            self.deployment.client("ssm").put_parameter(
                Name=f"{self.deployment.output('ProfilesPath')}/{name}",
                Value=json.dumps({"table": {**plain, **serving}}),
                Type="String",
            )
            self._profiles[mode] = name
        return self._profiles[mode]

    @cached_property
    def _models(self) -> Models:
        return Models(self.deployment)

    @cached_property
    def _model(self) -> str:
        return self._models.model(boosted())
