"""Where objects are: a prefix of a bucket, in Amazon's S3 or a store that speaks it."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_OPTIONS: Final = ("region", "endpoint_url")


@dataclass(frozen=True, slots=True)
class Location:
    """A prefix of a bucket. What cannot be one is a ValueError."""

    bucket: str
    prefix: str = ""
    region: str | None = None
    """None for what AWS_REGION says."""
    endpoint_url: str | None = None
    """Of a store other than Amazon's; None for what AWS_ENDPOINT_URL says."""

    def __post_init__(self) -> None:
        check_bucket(self.bucket)
        check_prefix(self.prefix)
        if self.endpoint_url is not None:
            check_endpoint(self.endpoint_url)

    def __str__(self) -> str:
        """As people name it: `s3://bucket/prefix`."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def url(self) -> str:
        """All of it, as `parse` reads it."""
        options = {name: getattr(self, name) for name in _OPTIONS if getattr(self, name)}
        query = f"?{urlencode(options)}" if options else ""
        return f"s3://{self.bucket}/{quote(self.prefix)}{query}"

    @classmethod
    def parse(cls, url: str) -> "Location":
        """The location that `s3://bucket/prefix?region=…&endpoint_url=…` stands for; ValueError for anything else."""
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        if wrong := sorted(options.keys() - set(_OPTIONS)):
            raise ValueError(f"an s3:// URL has no option {wrong[0]!r}; there is: {', '.join(_OPTIONS)}")
        return cls(parts.netloc, unquote(parts.path).strip("/"), **options)


def check_bucket(name: str) -> str:
    """`name`, if a bucket can have it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
    if not BUCKET.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a bucket: 3 to 63 lower-case letters, digits, `.` and `-`")
    return name


def check_prefix(prefix: str) -> str:
    """`prefix`, if it is empty or names joined by slashes."""
    if prefix and any(part in {"", ".", ".."} or not part.isprintable() for part in prefix.split("/")):
        raise ValueError(f"{prefix!r} is no prefix: names joined by slashes, such as `team/acme`")
    return prefix


def check_endpoint(url: str) -> str:
    """`url`, if it is https, or http to this machine, and names a host and nothing that could be a secret."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        raise ValueError("an endpoint is an https:// URL; http:// only to this machine")
    if not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("an endpoint is a URL without password or query: credentials come from AWS_* variables")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
