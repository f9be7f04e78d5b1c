"""A kind that only tests have: three modules, added to the folders that the registries look into, and no other edit.

Its objects have no metadata, so that only state tells whose they are; each is made of all files of a folder; and hosted
tools of an assistant refer to them from a nested field.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from reconciler.emulator import resources as endpoints
from reconciler.live import kinds as adapters
from reconciler.resources import kinds, references, registry

_HERE = Path(__file__).parent
_PACKAGES: tuple[tuple[ModuleType, str], ...] = ((kinds, "resources"), (adapters, "live"), (endpoints, "emulator"))


@contextmanager
def installed() -> Iterator[None]:
    """Have the kind known inside, as if its modules stood in the packages."""
    paths = [list(package.__path__) for package, _ in _PACKAGES]
    try:
        for package, folder in _PACKAGES:
            package.__path__.append(str(_HERE / folder))
        _forget()
        yield
    finally:
        for (package, folder), path in zip(_PACKAGES, paths, strict=True):
            package.__path__[:] = path
            for module in (_HERE / folder).glob("*.py"):
                sys.modules.pop(f"{package.__name__}.{module.stem}", None)
        _forget()


def _forget() -> None:
    """Let everything be looked up again that is found by looking into the packages."""
    for module in (registry, references):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
