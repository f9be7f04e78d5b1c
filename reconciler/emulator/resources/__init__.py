"""One module per kind of API object. Each lists its `ENDPOINTS`; a new module here is found without further ado."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from reconciler.emulator.api import Endpoint


def endpoints() -> list[Endpoint]:
    """Every endpoint of every module of this package that has some, in the order in which a path is looked up.

    Fixed paths go first: `/v1/agents/sessions` is no agent called "sessions".
    """
    return sorted(_found(), key=lambda endpoint: endpoint.path.count("{"))


def _found() -> Iterator[Endpoint]:
    for module in pkgutil.iter_modules(__path__):
        yield from getattr(import_module(f"{__name__}.{module.name}"), "ENDPOINTS", ())
