"""AWS Signature Version 4: is a request signed by the key that it names?

Written from AWS's "Create a signed AWS API request". The header form and the query form
(presigned URLs) are accepted; the payload may be signed whole, in chunks, or not at all.
"""

from __future__ import annotations

import hashlib
import hmac
import posixpath
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from windfall_local.api import Credentials, ServiceError
from windfall_local.identity.keys import KeyRegistry, Session
from windfall_local.wire.message import HttpRequest

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

_CLOCK_SKEW = timedelta(minutes=15)
_LONGEST_PRESIGNED = 604_800
_SPACES = re.compile(r"\s+")


class SignatureError(Exception):
    """A request that nobody can be held to; the gateway words it for each protocol.

    Args:
        reason: `missing`, `incomplete`, `unknown-key`, `token`, `expired-token`, `mismatch`,
            `skewed`, `expired`, `region` or `payload`.
        message: What a person reads.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of its own signature."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    token: str
    presigned: bool
    expires: int

    @property
    def scope(self) -> str:
        """The credential scope."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


@dataclass(frozen=True, slots=True)
class Signed:
    """A proven signature; what chunks of the body are signed on from."""

    session: Session
    claim: Claim
    payload_hash: str

    def chain(self, lines: str) -> str:
        """Sign the next string of a chunked body."""
        credentials = self.session.credentials
        key = signing_key(
            credentials.secret_key, self.claim.date, self.claim.region, self.claim.service
        )
        return hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()


def verify(request: HttpRequest, keys: KeyRegistry, region: str) -> Signed:
    """Prove the signature of a request; the body is checked against its hash by the caller.

    Raises:
        SignatureError: There is none, or it does not hold.
    """
    claim = read_claim(request)
    session = keys.session(claim.access_key)
    if session is None:
        raise SignatureError(
            "unknown-key", f"The access key {claim.access_key} is none of this local cloud's."
        )
    _check_token(claim, session)
    _check_time(claim)
    if claim.region != region and claim.service not in ("iam", "sts"):
        raise SignatureError(
            "region",
            f"The request is signed for the region {claim.region}; this local cloud is {region}.",
        )
    payload_hash = _payload_hash(request, claim)
    expected = sign(request, claim, session.credentials, payload_hash)
    if not hmac.compare_digest(expected, claim.signature):
        raise SignatureError(
            "mismatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )
    return Signed(session, claim, payload_hash)


def read_claim(request: HttpRequest) -> Claim:
    """Read the signature's parts from the header, or from the query of a presigned URL."""
    authorization = request.headers.get("authorization")
    if authorization is None:
        if "AWSAccessKeyId" in request.arguments:
            raise SignatureError(
                "incomplete",
                "Signature version 2 is not answered; configure signature_version s3v4.",
            )
        if "X-Amz-Signature" not in request.arguments:
            raise SignatureError("missing", "The request has no signature.")
        return _presigned_claim(request)
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise SignatureError(
            "incomplete", f"The authorization {algorithm!r} is not known; {ALGORITHM} is."
        )
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    timestamp = request.headers.get("x-amz-date") or _amz_date(request.headers.get("date", ""))
    try:
        access_key, date, region, service = _split_credential(parts["Credential"])
        return Claim(
            access_key,
            date,
            region,
            service,
            tuple(parts["SignedHeaders"].split(";")),
            parts["Signature"],
            timestamp,
            request.headers.get("x-amz-security-token", ""),
            presigned=False,
            expires=0,
        )
    except (KeyError, ValueError) as error:
        raise SignatureError(
            "incomplete",
            "The Authorization header needs Credential, SignedHeaders and Signature.",
        ) from error


def _presigned_claim(request: HttpRequest) -> Claim:
    arguments = request.arguments
    try:
        access_key, date, region, service = _split_credential(arguments["X-Amz-Credential"])
        return Claim(
            access_key,
            date,
            region,
            service,
            tuple(arguments["X-Amz-SignedHeaders"].split(";")),
            arguments["X-Amz-Signature"],
            arguments["X-Amz-Date"],
            arguments.get("X-Amz-Security-Token", ""),
            presigned=True,
            expires=int(arguments["X-Amz-Expires"]),
        )
    except (KeyError, ValueError) as error:
        raise SignatureError(
            "incomplete", "The presigned URL lacks a part of its signature."
        ) from error


def _split_credential(credential: str) -> tuple[str, str, str, str]:
    access_key, date, region, service, end = credential.rsplit("/", 4)
    if end != "aws4_request":
        raise ValueError(credential)
    return access_key, date, region, service


def _amz_date(text: str) -> str:
    try:
        moment = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT")
    except ValueError:
        return text
    return moment.replace(tzinfo=UTC).strftime("%Y%m%dT%H%M%SZ")


def _check_token(claim: Claim, session: Session) -> None:
    token = session.credentials.token
    if not hmac.compare_digest(token.encode(), claim.token.encode()):
        raise SignatureError("token", "The security token included in the request is invalid.")
    if session.expired:
        raise SignatureError(
            "expired-token", "The security token included in the request is expired."
        )


@lru_cache(maxsize=16)  # Many requests are signed in the same second.
def _read_timestamp(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _check_time(claim: Claim) -> None:
    try:
        signed = _read_timestamp(claim.timestamp)
    except ValueError as error:
        raise SignatureError(
            "incomplete", "The request needs X-Amz-Date, as YYYYMMDDTHHMMSSZ."
        ) from error
    if not claim.timestamp.startswith(claim.date):
        raise SignatureError(
            "mismatch", "The date in the credential scope is not the date of the request."
        )
    now = datetime.now(UTC)
    if not claim.presigned:
        if abs(now - signed) > _CLOCK_SKEW:
            raise SignatureError(
                "skewed",
                "The difference between the request time and the current time is too large.",
            )
        return
    if not 0 < claim.expires <= _LONGEST_PRESIGNED:
        raise SignatureError("incomplete", "X-Amz-Expires must be from 1 to 604800 seconds.")
    if now > signed + timedelta(seconds=claim.expires) or signed > now + _CLOCK_SKEW:
        raise SignatureError("expired", "Request has expired")


def _payload_hash(request: HttpRequest, claim: Claim) -> str:
    declared = request.headers.get("x-amz-content-sha256")
    if declared is not None:
        return declared
    if claim.presigned and claim.service == "s3":
        return UNSIGNED_PAYLOAD
    return hashlib.sha256(request.body).hexdigest()


def check_payload(request: HttpRequest, payload_hash: str) -> None:
    """Hold the body against the hash that was signed, where it was.

    Raises:
        SignatureError: It is another body.
    """
    if payload_hash == UNSIGNED_PAYLOAD or payload_hash.startswith("STREAMING-"):
        return
    if hashlib.sha256(request.body).hexdigest() != payload_hash:
        raise SignatureError(
            "payload",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )


def sign(request: HttpRequest, claim: Claim, credentials: Credentials, payload_hash: str) -> str:
    """The signature that the request should have."""
    canonical = "\n".join(
        (
            request.method,
            _canonical_path(request.path, claim.service),
            _canonical_query(request.query, claim.presigned),
            _canonical_headers(request, claim.signed_headers),
            ";".join(claim.signed_headers),
            payload_hash,
        )
    )
    digest = hashlib.sha256(canonical.encode("latin-1", "replace")).hexdigest()
    key = signing_key(credentials.secret_key, claim.date, claim.region, claim.service)
    to_sign = f"{ALGORITHM}\n{claim.timestamp}\n{claim.scope}\n{digest}"
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=4096)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key of a day, region and service, derived from a secret key."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _canonical_path(path: str, service: str) -> str:
    if service == "s3":
        return path
    # Everyone but S3 normalises the path and encodes it once more.
    normal = posixpath.normpath(path) if path not in ("", "/") else "/"
    normal = "/" + normal.lstrip("/")
    if path.endswith("/") and not normal.endswith("/"):
        normal += "/"
    return quote(normal, safe="/~")


def _canonical_query(query: str, presigned: bool) -> str:
    if not query:
        return ""
    pairs = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if presigned and name == "X-Amz-Signature":
            continue
        if part:
            pairs.append((_encode(name), _encode(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encode(text: str) -> str:
    if text.isalnum() and text.isascii():
        return text
    return quote(unquote_to_bytes(text.replace("+", "%20")), safe="-_.~")


def _canonical_headers(request: HttpRequest, names: tuple[str, ...]) -> str:
    lines = []
    for name in names:
        value = request.headers.get(name, "")
        lines.append(
            f"{name}:{_SPACES.sub(' ', value.strip()) if '  ' in value else value.strip()}"
        )
    return "\n".join(lines) + "\n"


def signature_failure(service: str, protocol: str, error: SignatureError) -> ServiceError:
    """Word a failed proof as AWS does in this protocol."""
    if protocol == "rest-xml":
        code, status = _IN_S3[error.reason]
    elif protocol == "query":
        code, status = _IN_QUERY[error.reason]
    else:
        code, json_status = _IN_JSON[error.reason]
        status = 403 if protocol == "rest-json" else json_status
    return ServiceError(code, error.message, status=status)


_IN_S3 = {
    "missing": ("AccessDenied", 403),
    "incomplete": ("AuthorizationHeaderMalformed", 400),
    "unknown-key": ("InvalidAccessKeyId", 403),
    "token": ("InvalidToken", 400),
    "expired-token": ("ExpiredToken", 400),
    "mismatch": ("SignatureDoesNotMatch", 403),
    "skewed": ("RequestTimeTooSkewed", 403),
    "expired": ("AccessDenied", 403),
    "region": ("AuthorizationHeaderMalformed", 400),
    "payload": ("XAmzContentSHA256Mismatch", 400),
}
_IN_JSON = {
    "missing": ("MissingAuthenticationTokenException", 400),
    "incomplete": ("IncompleteSignatureException", 400),
    "unknown-key": ("UnrecognizedClientException", 400),
    "token": ("UnrecognizedClientException", 400),
    "expired-token": ("ExpiredTokenException", 400),
    "mismatch": ("InvalidSignatureException", 400),
    "skewed": ("InvalidSignatureException", 400),
    "expired": ("InvalidSignatureException", 400),
    "region": ("InvalidSignatureException", 400),
    "payload": ("InvalidSignatureException", 400),
}
_IN_QUERY = {
    "missing": ("MissingAuthenticationToken", 403),
    "incomplete": ("IncompleteSignature", 400),
    "unknown-key": ("InvalidClientTokenId", 403),
    "token": ("InvalidClientTokenId", 403),
    "expired-token": ("ExpiredToken", 403),
    "mismatch": ("SignatureDoesNotMatch", 403),
    "skewed": ("SignatureDoesNotMatch", 403),
    "expired": ("SignatureDoesNotMatch", 403),
    "region": ("SignatureDoesNotMatch", 403),
    "payload": ("SignatureDoesNotMatch", 403),
}
