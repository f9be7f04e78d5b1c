"""Bundles below a prefix in an S3 bucket: the outlet, and the reader for applications."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from reconciler.bundles.documents import BundleError
from reconciler.bundles.outlets import checked_key
from reconciler.s3.location import Location
from reconciler.s3.objects import NotInstalledError, Objects, S3Error


class S3Outlet:
    """An outlet in an S3 bucket. Failures raise `S3Error`."""

    is_quick: Final = False
    writes_groups: Final = False

    def __init__(self, location: Location) -> None:
        self._objects = Objects(location)

    def read(self, key: str) -> bytes | None:
        found = self._objects.get(checked_key(key))
        return found.data if found else None

    def write(self, key: str, data: bytes) -> None:
        self._objects.put(checked_key(key), data)

    def put_all(self, documents: Mapping[str, bytes]) -> None:
        for key, data in documents.items():
            if self.read(key) != data:
                self.write(key, data)

    def list(self, prefix: str) -> list[str]:
        folder, slash, _ = prefix.rpartition("/")
        return sorted(key for key in self._objects.list(folder + slash) if key.startswith(prefix))

    def delete(self, key: str) -> None:
        self._objects.delete([checked_key(key)])


@cache
def reader(url: str) -> Callable[[str], bytes | None]:
    """Return a function that reads the document at a key below `url`. Cached for each URL, with its connections."""
    try:
        outlet = S3Outlet(Location.parse(url))
    except ValueError as error:
        raise BundleError("usage", f"{url} is not a valid location: {error}") from error

    def read(key: str) -> bytes | None:
        try:
            return outlet.read(key)
        except NotInstalledError as error:
            raise BundleError("usage", f"{error.problems[0].message}: {error.problems[0].hint}") from error
        except S3Error as error:
            raise BundleError("unreachable", error.problems[0].message) from error

    return read
