"""A stack as the commands see it: its outputs, its resources and clients that reach it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from windfall_cli.errors import CommandError
from windfall_cli.home import LocalAddress

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5)
_LOCAL = _CONFIG.merge(Config(proxies={}))
"""The user's proxy leads away from this machine."""


@dataclass(frozen=True)
class Stack:
    """One deployed template.

    Attributes:
        name: As CloudFormation knows it.
        is_local: Whether it runs on this machine.
        session: Signs as the local root user, or as the user's own AWS profile.
        endpoint: Where the local cloud listens; None on AWS.
    """

    name: str
    is_local: bool
    session: Any = field(repr=False)
    endpoint: str | None = None

    def client(self, service: str) -> Any:
        """A boto3 client of the stack's account and Region."""
        config = _LOCAL if self.is_local else _CONFIG
        return self.session.client(service, endpoint_url=self.endpoint, config=config)

    @property
    def region(self) -> str:
        """The Region that the session is for."""
        return str(self.session.region_name)

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The template's outputs by name.

        Raises:
            CommandError: There is no such stack, or it can not be asked.
        """
        outputs = self._description.get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in outputs}

    @property
    def model_prefix(self) -> str:
        """What the names of the models and endpoints that it trains begin with.

        Raises:
            CommandError: There is no such stack, or it can not be asked.
        """
        # As the template makes NAME_PREFIX: by the first word of the stack's own unique id.
        token = self._description["StackId"].split("/")[2].partition("-")[0]
        return f"windfall-{token}"

    @cached_property
    def _description(self) -> dict[str, Any]:
        try:
            answer = self.client("cloudformation").describe_stacks(StackName=self.name)
        except ClientError as error:
            message = error.response["Error"]["Message"]
            raise CommandError(
                f"There is no stack {self.name!r} to work with: {message}",
                "Deploy it (docs/deployment.md), or leave --stack out to use the local cloud.",
            ) from error
        except BotoCoreError as error:
            raise CommandError(
                f"AWS can not be asked for the stack {self.name!r}: {error}",
                "Check your AWS credentials and Region: aws sts get-caller-identity",
            ) from error
        return dict(answer["Stacks"][0])

    @cached_property
    def resources(self) -> dict[str, str]:
        """Physical ids of the stack's resources, by logical id."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.name)
            for one in page["StackResourceSummaries"]
        }

    def resource(self, logical_id: str) -> str:
        """The physical id of a resource; a stack without it is not Windfall's, or an old one.

        Raises:
            CommandError: The stack has no such resource.
        """
        try:
            return self.resources[logical_id]
        except KeyError:
            raise CommandError(f"The stack {self.name!r} has no {logical_id}.") from None

    def output(self, name: str) -> str:
        """One output; a stack without it is not Windfall's.

        Raises:
            CommandError: The stack has no such output.
        """
        try:
            return self.outputs[name]
        except KeyError:
            raise CommandError(
                f"The stack {self.name!r} has no output {name}; it is not Windfall, or an old one."
            ) from None


def open_stack(name: str | None) -> Stack:
    """The named stack on AWS, or without a name the one of the running local cloud.

    Raises:
        CommandError: No name was given and no local cloud is running.
    """
    if name is not None:
        return Stack(name, is_local=False, session=boto3.Session())
    address = LocalAddress.load()
    if address is None:
        raise CommandError(
            "No local cloud is running.",
            "Start it in another terminal: windfall up   (or name a stack on AWS: --stack NAME)",
        )
    session = boto3.Session(
        aws_access_key_id=address.access_key,
        aws_secret_access_key=address.secret_key,
        region_name=address.region,
    )
    return Stack(address.stack, is_local=True, session=session, endpoint=address.endpoint)
