"""What SageMaker Clarify is asked: bias by the columns that are named, and SHAP values.

Clarify runs as a processing job of its own container, steered by an `analysis_config.json`. It puts
the model on an instance of its own while it works.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from windfall.contracts.input_contract import ColumnEncoding, Task
from windfall.tables.fitting import names_of
from windfall.training.files import DATA, EXPLANATION

if TYPE_CHECKING:
    from windfall.contracts.input_contract import InputContract
    from windfall.contracts.training import TrainingSpec
    from windfall.training.files import TrainingFiles
    from windfall.training.names import TrainingNames

CONFIG = "parts/clarify/analysis_config.json"
_SAMPLES = 100
"""Coalitions of features that are tried for each row."""
_MOST_FACETS = 20


def analysis_config(
    spec: TrainingSpec,
    contract: InputContract,
    names: TrainingNames,
    rows: Sequence[Sequence[float]],
) -> dict[str, Any]:
    """Clarify's `analysis_config.json`.

    Args:
        spec: What was trained.
        contract: What the model is sent.
        names: What the model is called.
        rows: The rows that are explained, label first.
    """
    features = [name for column in contract.columns for name in names_of(column)]
    means = [_mean(column) for column in zip(*rows, strict=True)][1:]
    methods: dict[str, Any] = {
        "shap": {
            "baseline": [[round(mean, 6) for mean in means]],
            "num_samples": _SAMPLES,
            "agg_method": "mean_abs",
            "save_local_shap_values": False,
        },
        "report": {"name": "report", "title": f"Analysis of {spec.name}"},
    }
    config: dict[str, Any] = {
        "dataset_type": "text/csv",
        "headers": [spec.target, *features],
        "label": spec.target,
        "methods": methods,
        "predictor": {
            "model_name": names.version,
            "instance_type": spec.profile.instance_type,
            "initial_instance_count": 1,
            "accept_type": "text/csv",
            "content_type": "text/csv",
        },
    }
    if spec.task is Task.BINARY:
        methods["pre_training_bias"] = {"methods": "all"}
        methods["post_training_bias"] = {"methods": "all"}
        config["label_values_or_threshold"] = [1]
        config["probability_threshold"] = 0.5
        config["facet"] = list(_facets(spec, contract, dict(zip(features, means, strict=True))))
    return config


def _mean(values: Sequence[float]) -> float:
    """The mean of what is not missing."""
    known = [value for value in values if math.isfinite(value)]
    return math.fsum(known) / len(known) if known else 0.0


def _facets(
    spec: TrainingSpec, contract: InputContract, means: dict[str, float]
) -> Iterator[dict[str, Any]]:
    """The groups that are compared: of a category each, of a number those above its mean."""
    named = set(spec.profile.explain)
    left = _MOST_FACETS
    for column in contract.columns:
        if column.column not in named:
            continue
        for name in names_of(column)[:left]:
            is_mark = column.encoding is not ColumnEncoding.PLAIN or column.type == "boolean"
            threshold = 1 if is_mark else round(means[name], 6)
            left -= 1
            yield {"name_or_index": name, "value_or_threshold": [threshold]}


def processing_request(
    spec: TrainingSpec, names: TrainingNames, files: TrainingFiles, image: str, role_arn: str
) -> dict[str, Any]:
    """The request for Clarify's processing job."""
    inputs = {
        "analysis_config": (files.uri(CONFIG), "/opt/ml/processing/input/config"),
        "dataset": (files.uri(f"{DATA}explained/"), "/opt/ml/processing/input/data"),
    }
    return {
        "ProcessingJobName": names.job,
        "AppSpecification": {"ImageUri": image},
        "RoleArn": role_arn,
        "ProcessingInputs": [
            {
                "InputName": name,
                "S3Input": {
                    "S3Uri": uri,
                    "LocalPath": path,
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                    "S3DataDistributionType": "FullyReplicated",
                    "S3CompressionType": "None",
                },
            }
            for name, (uri, path) in inputs.items()
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "analysis_result",
                    "S3Output": {
                        "S3Uri": files.uri(EXPLANATION).removesuffix("/"),
                        "LocalPath": "/opt/ml/processing/output",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": spec.profile.instance_type,
                "VolumeSizeInGB": spec.profile.volume_gigabytes,
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": min(spec.profile.max_seconds, 86_400)},
    }
