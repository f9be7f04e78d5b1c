"""The location of objects: a prefix in a bucket of Amazon S3 or a compatible store."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
REGION: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SERVER: Final = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")
_PATH: Final = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")
_OPTIONS: Final = ("region", "endpoint_url")


@dataclass(frozen=True, slots=True)
class Location:
    """A prefix in a bucket. ValueError if it is not valid."""

    bucket: str
    prefix: str = ""
    region: str | None = None
    """None to use AWS_REGION."""
    endpoint_url: str | None = None
    """The endpoint of a store other than Amazon's; None to use AWS_ENDPOINT_URL."""

    def __post_init__(self) -> None:
        check_bucket(self.bucket)
        check_prefix(self.prefix)
        if self.region is not None:
            check_region(self.region)
        if self.endpoint_url is not None:
            check_endpoint(self.endpoint_url)

    def __str__(self) -> str:
        """Return the location for messages: `s3://bucket/prefix`."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def url(self) -> str:
        """The full URL, as `parse` reads it."""
        options = {name: getattr(self, name) for name in _OPTIONS if getattr(self, name)}
        query = f"?{urlencode(options)}" if options else ""
        return f"s3://{self.bucket}/{quote(self.prefix)}{query}"

    @classmethod
    def parse(cls, url: str) -> "Location":
        """Parse `s3://bucket/prefix?region=…&endpoint_url=…`; ValueError for anything else."""
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        options = dict(pairs)
        if parts.scheme != "s3" or parts.fragment or len(options) < len(pairs):
            raise ValueError("write an s3:// URL without a fragment, and each option once")
        if wrong := sorted(options.keys() - set(_OPTIONS)):
            raise ValueError(f"unknown option {wrong[0]!r} in the s3:// URL; valid options: {', '.join(_OPTIONS)}")
        return cls(parts.netloc, unquote(parts.path).strip("/"), **options)


def check_bucket(name: str) -> str:
    """Return `name` if it is valid: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
    if not BUCKET.fullmatch(name) or ".." in name:
        raise ValueError(f"{name!r} is not a valid bucket name: use 3 to 63 lower-case letters, digits, `.` and `-`")
    return name


def check_prefix(prefix: str) -> str:
    """Return `prefix` if it is empty or names joined by slashes; ValueError otherwise."""
    if prefix and any(part in {"", ".", ".."} or not part.isprintable() for part in prefix.split("/")):
        raise ValueError(f"{prefix!r} is not a valid prefix: use names joined by slashes, such as `team/acme`")
    return prefix


def check_region(region: str) -> str:
    """Return `region` if it is valid; ValueError otherwise. It becomes a part of the name of a server."""
    if not REGION.fullmatch(region):
        raise ValueError(f"{region!r} is not a valid region: use letters, digits and `-`, such as `eu-central-1`")
    return region


def check_endpoint(url: str) -> str:
    """Return `url` if it is https (or http to this machine) without credentials and query; ValueError otherwise."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ValueError("an endpoint must be an https:// URL; http:// is allowed only for this machine")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("an endpoint must be a URL without password and query: set credentials in the AWS_* variables")
    if not _SERVER.fullmatch(parts.netloc) or not _PATH.fullmatch(parts.path) or not _has_valid_port(parts):
        raise ValueError("an endpoint must be a URL such as https://s3.example.com:9000")
    return url


def _has_valid_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Return True if `host` is a name or address of this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
