"""A kind for tests: three modules, added to the folders of the registries without any other change.

Its objects have no metadata, so their owner is in the state only. Each consists of all files of a folder, and hosted
tools of an assistant refer to it in a nested field. A fourth module lists objects without a kind that refer to it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from reconciler.emulator import resources as endpoints
from reconciler.live import kinds as adapters, referrers
from reconciler.resources import kinds, references, registry

_HERE = Path(__file__).parent
_PACKAGES: tuple[tuple[ModuleType, str], ...] = (
    (kinds, "resources"),
    (adapters, "live"),
    (referrers, "referrers"),
    (endpoints, "emulator"),
)


@contextmanager
def installed() -> Iterator[None]:
    """Register the kind, as if its modules were in the packages."""
    paths = [list(package.__path__) for package, _ in _PACKAGES]
    try:
        _forget()
        for package, folder in _PACKAGES:
            package.__path__.append(str(_HERE / folder))
        yield
    finally:
        for (package, _), path in zip(_PACKAGES, paths, strict=True):
            package.__path__[:] = path
        _forget()


def _forget() -> None:
    """Forget the modules of the kind, and any of the same names, and clear the caches of the registries."""
    for package, folder in _PACKAGES:
        for file in (_HERE / folder).glob("*.py"):
            sys.modules.pop(f"{package.__name__}.{file.stem}", None)
    for module in (registry, references):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
