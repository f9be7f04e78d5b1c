"""One module per kind of API object. Each lists its `ENDPOINTS`; a new module here is found without further ado."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from reconciler.emulator.api import Endpoint


def endpoints() -> Iterator[Endpoint]:
    """Every endpoint of every module of this package that has some."""
    for module in pkgutil.iter_modules(__path__):
        yield from getattr(import_module(f"{__name__}.{module.name}"), "ENDPOINTS", ())
