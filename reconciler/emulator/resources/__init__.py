"""The resources of the API, one module each. The `ENDPOINTS` of every module in this package are registered."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from reconciler.emulator.api import Endpoint


def endpoints() -> list[Endpoint]:
    """Return the endpoints of all modules in this package, in the order of path matching.

    Fixed paths come first, so that `/v1/agents/sessions` is not read as an agent named "sessions".
    """
    return sorted(_found(), key=lambda endpoint: endpoint.path.count("{"))


def _found() -> Iterator[Endpoint]:
    for module in pkgutil.iter_modules(__path__):
        yield from getattr(import_module(f"{__name__}.{module.name}"), "ENDPOINTS", ())
