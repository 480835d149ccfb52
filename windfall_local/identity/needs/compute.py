"""AWS Step Functions and AWS Lambda."""

from __future__ import annotations

from typing import Any

from windfall_local.identity.needs.need import Need, Scene, key, pass_role

# --- Step Functions -----------------------------------------------------------------------------

_BY_MACHINE = frozenset(
    {
        "DeleteStateMachine",
        "DescribeStateMachine",
        "ListExecutions",
        "ListStateMachineAliases",
        "ListStateMachineVersions",
        "PublishStateMachineVersion",
        "StartExecution",
        "StartSyncExecution",
        "UpdateStateMachine",
    }
)
_BY_EXECUTION = frozenset(
    {
        "DescribeExecution",
        "DescribeStateMachineForExecution",
        "GetExecutionHistory",
        "ListMapRuns",
        "RedriveExecution",
        "StopExecution",
    }
)
_BY_MAP_RUN = frozenset({"DescribeMapRun", "UpdateMapRun"})
_WITHOUT_RESOURCE = frozenset(
    {
        "ListStateMachines",
        "SendTaskFailure",
        "SendTaskHeartbeat",
        "SendTaskSuccess",
        "ValidateStateMachineDefinition",
    }
)


def states_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of a Step Functions operation."""
    role = pass_role(parameters.get("roleArn"), "states.amazonaws.com")
    if operation in _BY_MACHINE:
        arn = parameters.get("stateMachineArn") or parameters.get("mapRunArn") or "*"
        return [Need(f"states:{operation}", arn), *role]
    if operation in _BY_EXECUTION:
        return [Need(f"states:{operation}", parameters["executionArn"])]
    if operation in _BY_MAP_RUN:
        return [Need(f"states:{operation}", parameters["mapRunArn"])]
    if operation == "CreateStateMachine":
        arn = scene.arn("states", f"stateMachine:{parameters['name']}")
        return [Need("states:CreateStateMachine", arn), *role]
    if operation == "TestState":
        return [Need("states:TestState"), *role]
    if operation in _WITHOUT_RESOURCE:
        return [Need(f"states:{operation}")]
    if operation in ("TagResource", "UntagResource", "ListTagsForResource"):
        return [Need(f"states:{operation}", parameters["resourceArn"])]
    return None


# --- Lambda -------------------------------------------------------------------------------------

_FUNCTION_ACTIONS = {
    "Invoke": "InvokeFunction",
    "InvokeAsync": "InvokeFunction",
    "InvokeWithResponseStream": "InvokeFunction",
}
_BY_FUNCTION = frozenset(
    {
        "AddPermission",
        "CreateFunction",
        "DeleteFunction",
        "DeleteFunctionConcurrency",
        "DeleteFunctionEventInvokeConfig",
        "GetFunction",
        "GetFunctionConcurrency",
        "GetFunctionConfiguration",
        "GetFunctionEventInvokeConfig",
        "GetPolicy",
        "ListVersionsByFunction",
        "PublishVersion",
        "PutFunctionConcurrency",
        "PutFunctionEventInvokeConfig",
        "RemovePermission",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
        "UpdateFunctionEventInvokeConfig",
    }
)
_BY_MAPPING = frozenset(
    {"DeleteEventSourceMapping", "GetEventSourceMapping", "UpdateEventSourceMapping"}
)
_BY_LAYER = frozenset(
    {"DeleteLayerVersion", "GetLayerVersion", "ListLayerVersions", "PublishLayerVersion"}
)
_LAMBDA_LISTS = frozenset(
    {"GetAccountSettings", "ListEventSourceMappings", "ListFunctions", "ListLayers"}
)


def lambda_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of a Lambda operation."""
    action = _FUNCTION_ACTIONS.get(operation, operation)
    if action == "InvokeFunction" or operation in _BY_FUNCTION:
        arn = _function(parameters["FunctionName"], parameters.get("Qualifier"), scene)
        role = pass_role(parameters.get("Role"), "lambda.amazonaws.com")
        return [Need(f"lambda:{action}", arn), *role]
    if operation == "CreateEventSourceMapping":
        function = _function(parameters["FunctionName"], None, scene)
        return [Need("lambda:CreateEventSourceMapping", "*", key("lambda:FunctionArn", function))]
    if operation in _BY_MAPPING:
        arn = scene.arn("lambda", f"event-source-mapping:{parameters['UUID']}")
        return [Need(f"lambda:{operation}", arn)]
    if operation in _BY_LAYER:
        name = parameters["LayerName"].rpartition("layer:")[2]
        version = parameters.get("VersionNumber")
        suffix = f":{version}" if version else ""
        return [Need(f"lambda:{operation}", scene.arn("lambda", f"layer:{name}{suffix}"))]
    if operation in _LAMBDA_LISTS:
        return [Need(f"lambda:{operation}")]
    if operation in ("TagResource", "UntagResource", "ListTags"):
        return [Need(f"lambda:{operation}", parameters["Resource"])]
    return None


def _function(reference: str, qualifier: str | None, scene: Scene) -> str:
    """A function's ARN from its name, partial ARN or ARN."""
    arn = reference
    if not reference.startswith("arn:"):
        arn = scene.arn("lambda", f"function:{reference.rpartition('function:')[2]}")
    return f"{arn}:{qualifier}" if qualifier and not arn.endswith(f":{qualifier}") else arn
