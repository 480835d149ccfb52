"""Access keys: the user's own, kept in a file, and those of role sessions, kept in memory."""

from __future__ import annotations

import configparser
import os
import secrets
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from windfall_local.api import Credentials, Principal

ROOT_ACCESS_KEY = "windfall"
"""The user's access key; its secret is made for each data directory."""

_KEY_CHARACTERS = string.ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True)
class Session:
    """Keys, whose they are, and until when they hold."""

    principal: Principal
    credentials: Credentials
    expires: datetime | None = None

    @property
    def expired(self) -> bool:
        """Whether the time is over."""
        return self.expires is not None and datetime.now(UTC) >= self.expires


class KeyRegistry:
    """Every key that can sign.

    Args:
        file: The user's key, in the form of AWS's shared credentials file; made when missing,
            readable by this user only.
    """

    def __init__(self, file: Path) -> None:
        self.root = _root_credentials(file)
        self._sessions: dict[str, Session] = {
            self.root.access_key: Session(Principal.root(), self.root)
        }
        self._lasting: dict[Principal, Credentials] = {}
        self._policies: dict[Principal, str] = {}

    def session(self, access_key: str) -> Session | None:
        """Whose key it is; None when there is no such key."""
        return self._sessions.get(access_key)

    def session_policy(self, principal: Principal) -> str | None:
        """The session policy that narrows a principal, when its session was made with one."""
        return self._policies.get(principal)

    def lasting(self, principal: Principal) -> Credentials:
        """Keys for as long as this cloud runs; the same ones for the same principal."""
        if principal.kind == "root":
            return self.root
        found = self._lasting.get(principal)
        if found is None:
            found = self._lasting[principal] = self._new(principal, None, None)
        return found

    def assume(
        self, principal: Principal, duration: timedelta, policy: str | None = None
    ) -> Session:
        """Keys of a new session that ends by itself."""
        self._forget_expired()
        self._policies.pop(principal, None)
        expires = datetime.now(UTC) + duration
        credentials = self._new(principal, expires, policy)
        return self._sessions[credentials.access_key]

    def _new(
        self, principal: Principal, expires: datetime | None, policy: str | None
    ) -> Credentials:
        random = "".join(secrets.choice(_KEY_CHARACTERS) for _ in range(16))
        credentials = Credentials(
            f"ASIA{random}", secrets.token_urlsafe(30), secrets.token_urlsafe(96)
        )
        self._sessions[credentials.access_key] = Session(principal, credentials, expires)
        if policy is not None:
            self._policies[principal] = policy
        return credentials

    def _forget_expired(self) -> None:
        # An hour later nobody signs with them any more, and the error says "expired" until then.
        limit = datetime.now(UTC) - timedelta(hours=1)
        for key, session in list(self._sessions.items()):
            if session.expires is not None and session.expires < limit:
                del self._sessions[key]
                self._policies.pop(session.principal, None)


def _root_credentials(file: Path) -> Credentials:
    parser = configparser.ConfigParser(interpolation=None)
    if file.exists():
        parser.read(file)
        profile = parser["default"]
        return Credentials(profile["aws_access_key_id"], profile["aws_secret_access_key"])
    secret = secrets.token_urlsafe(30)
    parser["default"] = {
        "aws_access_key_id": ROOT_ACCESS_KEY,
        "aws_secret_access_key": secret,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        parser.write(stream)
    return Credentials(ROOT_ACCESS_KEY, secret)
