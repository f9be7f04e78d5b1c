"""Every adapter, found by looking into `kinds/`: adding one is adding a module there with an `ADAPTER`."""

import importlib
import pkgutil

from reconciler.live import kinds
from reconciler.live.base import Adapter
from reconciler.live.client import Connection


def adapters(connection: Connection) -> dict[str, Adapter]:
    """Adapters by type of live object."""
    names = sorted(module.name for module in pkgutil.iter_modules(kinds.__path__))
    modules = (importlib.import_module(f"{kinds.__name__}.{name}") for name in names)
    made: list[Adapter] = [module.ADAPTER(connection) for module in modules]
    return {adapter.type: adapter for adapter in made}
