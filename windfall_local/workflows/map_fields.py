"""Reading what makes a Map distributed: its mode, reader, batcher, writer and label."""

from __future__ import annotations

import json
import re

from windfall_local.workflows.definition import (
    Block,
    Distribution,
    ItemBatcher,
    ItemReader,
    Machine,
    MapState,
    ParallelState,
    ResultWriter,
    TaskState,
)
from windfall_local.workflows.documents import MAX_BYTES
from windfall_local.workflows.fields import Fields
from windfall_local.workflows.item_readers import DELIMITERS, INPUT_TYPES
from windfall_local.workflows.resources import Resource, UnknownResourceError, parse_resource
from windfall_local.workflows.result_writer import OUTPUT_TYPES, TRANSFORMATIONS

_OF_DISTRIBUTED = ("ItemReader", "ItemBatcher", "ResultWriter", "Label")
_LABEL = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,40}")
_EXPRESS_SECONDS = 300
"""An Express child may take five minutes (Step Functions quotas)."""


def read_distribution(
    fields: Fields, processor: Fields, name: str, block: Block | None
) -> Distribution | None:
    """What makes a Map distributed; None for an inline one."""
    config = processor.inner("ProcessorConfig") if processor.has("ProcessorConfig") else None
    mode = "INLINE"
    if config is not None:
        config.allow("Mode", "ExecutionType")
        mode = _one_of(config, "Mode", ("INLINE", "DISTRIBUTED"), "INLINE")
    if mode == "INLINE" or config is None:
        for field in _OF_DISTRIBUTED:
            if fields.has(field):
                fields.problems.add(
                    f"{fields.path}/{field}", "The field is for Maps in the mode 'DISTRIBUTED'"
                )
        return None
    config.require("ExecutionType")
    kind = _one_of(config, "ExecutionType", ("STANDARD", "EXPRESS"), "STANDARD")
    label = fields.string("Label", default=re.sub(r"[^A-Za-z0-9_-]", "", name)[:40] or "Map")
    if not _LABEL.fullmatch(label):
        fields.problems.add(f"{fields.path}/Label", "A label has 1 to 40 plain characters")
    reader, batcher, writer = _reader(fields), _batcher(fields), _writer(fields)
    if block is None:
        return None
    if kind == "EXPRESS":
        _check_express(processor, block)
    document = {
        "QueryLanguage": "JSONata",
        **{field: processor.document[field] for field in ("StartAt", "States")},
    }
    timeout = None
    if kind == "EXPRESS":
        document["TimeoutSeconds"] = timeout = _EXPRESS_SECONDS
    machine = Machine(block, timeout)
    return Distribution(
        label, json.dumps(document), machine, kind == "EXPRESS", reader, batcher, writer
    )


def _one_of(fields: Fields, name: str, allowed: tuple[str, ...], default: str) -> str:
    value = fields.string(name, default=default)
    if value not in allowed:
        listed = ", ".join(repr(one) for one in allowed)
        fields.problems.add(f"{fields.path}/{name}", f"'{value}' is not one of {listed}")
        return default
    return value


def _resource(fields: Fields, *operations: str) -> Resource | None:
    if not fields.require("Resource"):
        return None
    arn = fields.string("Resource")
    # Readers and writers name S3's actions as if they were optimized integrations.
    try:
        resource = parse_resource(arn.replace(":::s3:", ":::aws-sdk:s3:"))
    except UnknownResourceError as error:
        fields.problems.add(f"{fields.path}/Resource", str(error))
        return None
    if resource.service != "s3" or resource.operation not in operations:
        fields.problems.add(
            f"{fields.path}/Resource", f"'{arn}' is none of s3's {', '.join(operations)}"
        )
        return None
    return resource


def _reader(fields: Fields) -> ItemReader | None:
    if not fields.has("ItemReader"):
        return None
    if fields.has("Items"):
        fields.problems.add(fields.path, "'Items' and 'ItemReader' must not both be set")
    reader = fields.inner("ItemReader")
    reader.allow("Resource", "Arguments", "ReaderConfig")
    resource = _resource(reader, "GetObject", "ListObjectsV2")
    reader.require("Arguments")
    arguments = reader.template("Arguments")
    settings = reader.inner("ReaderConfig") if reader.has("ReaderConfig") else None
    if resource is None or arguments is None:
        return None
    if settings is None:
        if resource.operation == "GetObject":
            reader.require("ReaderConfig")
        return ItemReader(resource, arguments)
    settings.allow("InputType", "CSVHeaderLocation", "CSVHeaders", "CSVDelimiter", "MaxItems")
    most = settings.typed_template("MaxItems", int, minimum=0)
    if resource.operation == "ListObjectsV2":
        return ItemReader(resource, arguments, most=most)
    settings.require("InputType")
    kind = _one_of(settings, "InputType", INPUT_TYPES, "JSON")
    return ItemReader(
        resource,
        arguments,
        kind,
        _one_of(settings, "CSVDelimiter", tuple(DELIMITERS), "COMMA"),
        _headers(settings) if kind == "CSV" else None,
        most,
    )


def _headers(settings: Fields) -> tuple[str, ...] | None:
    settings.require("CSVHeaderLocation")
    place = _one_of(settings, "CSVHeaderLocation", ("FIRST_ROW", "GIVEN"), "FIRST_ROW")
    if place == "FIRST_ROW":
        return None
    settings.require("CSVHeaders")
    return tuple(str(header) for header in settings.array("CSVHeaders"))


def _batcher(fields: Fields) -> ItemBatcher | None:
    if not fields.has("ItemBatcher"):
        return None
    batcher = fields.inner("ItemBatcher")
    batcher.allow("BatchInput", "MaxItemsPerBatch", "MaxInputBytesPerBatch")
    if not batcher.has("MaxItemsPerBatch") and not batcher.has("MaxInputBytesPerBatch"):
        batcher.problems.add(
            batcher.path, "One of 'MaxItemsPerBatch' and 'MaxInputBytesPerBatch' must be set"
        )
    return ItemBatcher(
        batcher.template("BatchInput"),
        batcher.typed_template("MaxItemsPerBatch", int, minimum=1),
        batcher.typed_template("MaxInputBytesPerBatch", int, minimum=1, maximum=MAX_BYTES),
    )


def _writer(fields: Fields) -> ResultWriter | None:
    if not fields.has("ResultWriter"):
        return None
    writer = fields.inner("ResultWriter")
    writer.allow("Resource", "Arguments", "WriterConfig")
    arguments = None
    if writer.has("Resource") or not writer.has("WriterConfig"):
        _resource(writer, "PutObject")
        writer.require("Arguments")
        arguments = writer.template("Arguments")
    # What is written is whole, and what is handed on is compact, unless the definition says so.
    transformation, output_type = "NONE" if arguments is not None else "COMPACT", "JSON"
    if writer.has("WriterConfig"):
        settings = writer.inner("WriterConfig")
        settings.allow("Transformation", "OutputType")
        transformation = _one_of(settings, "Transformation", TRANSFORMATIONS, transformation)
        output_type = _one_of(settings, "OutputType", OUTPUT_TYPES, output_type)
    return ResultWriter(arguments, transformation, output_type)


def _check_express(processor: Fields, block: Block) -> None:
    """Express children only ask and are answered: they wait for no token and no job."""
    for name, state in block.states.items():
        path = f"{processor.path}/States/{name}"
        if isinstance(state, TaskState) and state.resource.pattern:
            processor.problems.add(
                f"{path}/Resource", f"Express executions do not support '.{state.resource.pattern}'"
            )
        inner = state.branches if isinstance(state, ParallelState) else ()
        if isinstance(state, MapState):
            inner = (state.processor,)
            if state.distribution is not None:
                processor.problems.add(path, "Express executions have no distributed Maps")
        for one in inner:
            _check_express(processor, one)
