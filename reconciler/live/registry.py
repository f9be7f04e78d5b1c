"""Every adapter and every referrer, found by looking into `kinds/` and `referrers/`.

Adding one is adding a module there with an `ADAPTER` or a `REFERRER`.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from reconciler.live import kinds, referrers as reading
from reconciler.live.base import Adapter, Referrer
from reconciler.live.client import Connection


def adapters(connection: Connection) -> dict[str, Adapter]:
    """Adapters by type of live object."""
    made: list[Adapter] = [module.ADAPTER(connection) for module in _modules(kinds)]
    return {adapter.type: adapter for adapter in made}


def referrers(connection: Connection) -> list[Referrer]:
    """What may refer to live objects and has no adapter."""
    return [module.REFERRER(connection) for module in _modules(reading)]


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return (importlib.import_module(f"{package.__name__}.{name}") for name in names)
