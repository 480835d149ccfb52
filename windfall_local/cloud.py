"""The local cloud, put together: stores, identity, services, and the port they answer on."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Protocol, runtime_checkable
from uuid import uuid4

import uvicorn

from windfall_local.api import (
    CallContext,
    CompletedCall,
    Credentials,
    Observer,
    Principal,
    Service,
)
from windfall_local.engines.host import EngineHost
from windfall_local.events.notifications import S3Notifications
from windfall_local.events.topics import TopicDeliveries
from windfall_local.faults.faults import FILE, Faults, Met
from windfall_local.faults.rules import Rule
from windfall_local.gateway import Gateway
from windfall_local.identity.audit import PermissionAudit
from windfall_local.identity.authorizer import Authorizer
from windfall_local.identity.keys import KeyRegistry
from windfall_local.identity.linked_roles import ScalerRole
from windfall_local.identity.policies import PolicySources
from windfall_local.identity.tokens import SecurityTokenService
from windfall_local.mirror.mirror import Mirror
from windfall_local.port import listen, serve, stop_serving
from windfall_local.services.sagemaker import SageMakerService
from windfall_local.services.xray import XRayService
from windfall_local.stores.observing import Observers, tell_again
from windfall_local.stores.stores import Stores
from windfall_local.wire.serialize import check_parameters

DEFAULT_REGION = "us-east-1"

_STATE_SERVICES = (
    "windfall_local.events.service:EventBridgeService",
    "windfall_local.workflows:lasting_service",
    "windfall_local.functions.service:LambdaService",
    "windfall_local.template.cloudformation:CloudFormationService",
)
"""Started from the last to the first, stopped from the first: who calls ends before who is
called."""

_ENGINE_SERVICES = (
    "windfall_local.services.rekognition.service:RekognitionService",
    "windfall_local.services.comprehend.service:ComprehendService",
    "windfall_local.services.translate.service:TranslateService",
    "windfall_local.services.polly.service:PollyService",
    "windfall_local.services.transcribe.service:TranscribeService",
)


@runtime_checkable
class Lasting(Protocol):
    """A service with work of its own."""

    async def start(self) -> None:
        """Begin, or go on with what an earlier process accepted."""
        ...

    async def stop(self) -> None:
        """End, and keep what was accepted."""
        ...


class CloudInUseError(Exception):
    """Another process runs a local cloud on the same data directory."""


class LocalCloud:
    """One AWS account and region on this machine.

    Args:
        data_dir: Where everything of this cloud lies.
        region: Its region.
        port: Where it answers on 127.0.0.1; 0 takes a free one.
        loopback_is_secure: Whether `aws:SecureTransport` is true. Requests stay on this machine,
            so they count as TLS; tests set it false to see a TLS-only policy refuse.
        audit: A file for every permission that a role needed; None writes none.
        faults: What is to go wrong for the application.
        fault_seed: The same one lets the same calls go wrong.

    Attributes:
        keys: Every access key; `keys.root` is the user's.
        services: The services of this project, by botocore's name.
        gateway: The application behind the port.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        region: str = DEFAULT_REGION,
        port: int = 0,
        loopback_is_secure: bool = True,
        audit: Path | None = None,
        faults: Sequence[Rule] = (),
        fault_seed: int = 0,
    ) -> None:
        self.data_dir = data_dir
        self.region = region
        self._port = port
        self._loopback_is_secure = loopback_is_secure
        self._audit_file = audit
        self._faults = Faults(faults, fault_seed, data_dir / FILE, self) if faults else None
        self.endpoint = f"http://127.0.0.1:{port}"
        self.services: dict[str, Service] = {}
        self._tidying = contextlib.AsyncExitStack()
        self._status = "stopped"

    @classmethod
    @asynccontextmanager
    async def run(
        cls,
        data_dir: Path,
        *,
        region: str = DEFAULT_REGION,
        port: int = 0,
        loopback_is_secure: bool = True,
        audit: Path | None = None,
        faults: Sequence[Rule] = (),
        fault_seed: int = 0,
    ) -> AsyncIterator[LocalCloud]:
        """A cloud that runs as long as the `async with` block."""
        cloud = cls(
            data_dir,
            region=region,
            port=port,
            loopback_is_secure=loopback_is_secure,
            audit=audit,
            faults=faults,
            fault_seed=fault_seed,
        )
        await cloud.start()
        try:
            yield cloud
        finally:
            await cloud.stop()

    # --- Life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up the state that was left, listen, and start every service.

        Raises:
            CloudInUseError: The data directory is in use.
            OSError: The port is.
            windfall_local.mirror.errors.MirrorError: The state cannot be read.
        """
        self._status = "starting"
        try:
            await self._start()
        except BaseException:
            await self._tidying.aclose()
            self._status = "stopped"
            raise
        self._status = "ready"

    async def stop(self) -> None:
        """Stop the services, write the state down, and let go of everything."""
        self._status = "stopping"
        await self._tidying.aclose()
        self._status = "stopped"

    async def _start(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        tidying = self._tidying
        tidying.callback(_lock(self.data_dir).close)
        listener = listen(self._port)
        tidying.callback(listener.close)
        self.endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._open_stores()
        self._build_services()
        self._connect_observers()
        tidying.push_async_callback(stop_serving, *self._serve(listener))
        for service in reversed(self.services.values()):
            if isinstance(service, Lasting):
                await service.start()
                tidying.push_async_callback(service.stop)
        await tell_again(self.mirror, self.stores, self.observers)

    async def _close_mirror(self) -> None:
        async with self.stores.turn():
            self.mirror.close(self.stores)

    def _open_stores(self) -> None:
        self.keys = KeyRegistry(self.data_dir / "credentials")
        self.observers = Observers()
        self.mirror = Mirror(self.data_dir / "state")
        self.stores = Stores(self.region, self.endpoint.removeprefix("http://"), self.mirror)
        self._tidying.callback(self.stores.close)
        self.mirror.open(self.stores)
        self._tidying.push_async_callback(self._close_mirror)
        keeping = asyncio.create_task(
            self.mirror.keep_short(self.stores.turn, self.region), name="mirror"
        )
        self._tidying.push_async_callback(_end, keeping)
        self._authorizer = Authorizer(
            PolicySources(self.stores, self.services),
            region=self.region,
            secure_transport=self._loopback_is_secure,
            audit=self._open_audit(),
        )

    def _open_audit(self) -> PermissionAudit | None:
        if self._audit_file is None:
            return None
        audit = PermissionAudit(self._audit_file)
        self._tidying.callback(audit.close)
        return audit

    def _build_services(self) -> None:
        host = EngineHost()
        self._tidying.callback(host.close)
        for target in _STATE_SERVICES:
            self._add(target, self)
        for target in _ENGINE_SERVICES:
            self._add(target, self, host)
        sagemaker = SageMakerService(self)
        self.services["sagemaker"] = sagemaker
        self.services["sagemaker-runtime"] = sagemaker.runtime
        self.services["xray"] = XRayService()
        self.services["sts"] = SecurityTokenService(self.keys, self._authorizer)

    def _connect_observers(self) -> None:
        """What S3 tells EventBridge, what SQS and SNS hand to Lambda, what scaling takes."""
        events: Any = self.services.get("events")
        if events is not None:
            notifications = S3Notifications(self, events)
            self.observe(
                notifications.SERVICE, notifications.OPERATIONS, notifications, for_sure=True
            )
        self.observe(ScalerRole.SERVICE, ScalerRole.OPERATIONS, ScalerRole(self))
        functions: Any = self.services.get("lambda")
        if functions is not None:
            pollers = functions.pollers
            self.observe(pollers.SERVICE, pollers.OPERATIONS, pollers)
            topics = TopicDeliveries(self, self.stores)
            self.observe(topics.SERVICE, topics.OPERATIONS, topics, for_sure=True)

    def _add(self, target: str, *arguments: Any) -> None:
        module, _, name = target.partition(":")
        service: Service = getattr(import_module(module), name)(*arguments)
        self.services[service.name] = service

    def _serve(self, listener: socket.socket) -> tuple[uvicorn.Server, asyncio.Task[None]]:
        functions = self.services.get("lambda")
        self.gateway = Gateway(
            self,
            stores=self.stores,
            services=self.services,
            keys=self.keys,
            authorizer=self._authorizer,
            observers=self.observers,
            health=self.health,
            runtime_api=getattr(functions, "runtime_api", None),
            faults=self._faults,
        )
        return serve(self.gateway, listener)

    # --- What the services see (`api.Cloud`) ----------------------------------------------------

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        """Authorize and run a call, without the wire: boto3's parameters in, its response out.

        Raises:
            ServiceError: As boto3 would raise `ClientError`; `AccessDenied…` when not allowed.
        """
        await self.authorize(service, operation, parameters, principal)
        if self._faults is None or service == "s3":
            # What a service reads in S3 for its caller, it tries again itself.
            return await self._answer(service, operation, parameters, principal)
        met = Met(service, operation, parameters, principal)
        return await self._faults.meet(
            met, lambda: self._answer(service, operation, parameters, principal)
        )

    async def _answer(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        local = self.services.get(service)
        if local is not None:
            check_parameters(service, operation, parameters)
            context = CallContext(self, principal, str(uuid4()))
            return await local.call(operation, parameters, context) or {}
        observed = self.observers.observed(service, operation, str(uuid4()), principal)
        response = await self.stores.call(service, operation, parameters, observed)
        if self.observers.wanted(service, operation):
            await self.observers.tell(
                CompletedCall(service, operation, parameters, response, principal)
            )
            self.stores.told(observed)
        return response

    async def authorize(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> None:
        """Check a permission without using it.

        Raises:
            ServiceError: `AccessDenied…`, as the call itself would.
        """
        policy = self.keys.session_policy(principal)
        await self._authorizer.authorize(service, operation, parameters, principal, policy)

    async def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        """Put an event of an AWS service (`aws.s3`, `aws.states`) on the default bus."""
        bus: Any = self.services.get("events")
        if bus is not None:
            await bus.emit(source, detail_type, detail, resources)

    def running(self, lineage: str) -> Any:
        """The invocation whose calls carry this lineage; None where it has ended."""
        functions: Any = self.services["lambda"]
        return functions.running(lineage)

    def stop_execution(self, role_arn: str, name: str) -> bool:
        """Stop an execution of a machine with this role, as StopExecution does."""
        machines: Any = self.services["stepfunctions"]
        return bool(machines.stop_execution_named(role_arn, name))

    def credentials(self, principal: Principal) -> Credentials:
        """Keys that sign as a role's session, for a function's environment."""
        return self.keys.lasting(principal)

    # --- What the machine's user sees -----------------------------------------------------------

    def observe(
        self,
        service: str,
        operations: Collection[str],
        observer: Observer,
        *,
        for_sure: bool = False,
    ) -> None:
        """Have an observer told of every successful call of some operations of a store.

        With `for_sure`, of a call that was accepted just before a kill the next process tells.
        """
        self.observers.add(service, operations, observer, for_sure=for_sure)

    def health(self) -> dict[str, Any]:
        """What `/_windfall/health` shows."""
        return {
            "status": self._status,
            "region": self.region,
            "endpoint": self.endpoint,
            "services": sorted({*self.services, *self.stores.services}),
        }


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _lock(data_dir: Path) -> IO[str]:
    lock = (data_dir / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CloudInUseError(f"A local cloud already runs on {data_dir}.") from error
    return lock
