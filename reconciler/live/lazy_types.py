"""Import the OpenAI SDK without the modules of its types, most of what it imports: requests here use none of them.

The code of the package `openai.types`, and of the packages below it, runs when one of their names is first used. Code
that uses the types, here or in the SDK, sees no difference.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import Any, Final

_TYPES: Final = "openai.types"
_DUNDER: Final = "__"


def import_openai() -> None:
    """Import the SDK. If the process has imported it already, nothing changes."""
    finder = _Finder()
    # The list is replaced, because other threads may import, and iterate over it.
    sys.meta_path = [finder, *sys.meta_path]
    try:
        importlib.import_module("openai")
    finally:
        sys.meta_path = [one for one in sys.meta_path if one is not finder]


class _Finder(MetaPathFinder):
    """Finds the packages at and below `openai.types`, and leaves their modules to the other finders."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _TYPES and not fullname.startswith(f"{_TYPES}."):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None or spec.submodule_search_locations is None:
            return None
        spec.loader = _Later(spec.loader)
        return spec


class _Later(Loader):
    """Creates the module of a package, and runs its code at the first use of a name."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._lock = RLock()
        self._begun = False

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Package(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave the code for later."""

    def load(self, module: ModuleType) -> None:
        """Run the code of the package, once. Its own imports may use its names while it runs."""
        with self._lock:
            if not self._begun:
                self._begun = True
                self._loader.exec_module(module)


class _Package(ModuleType):
    def __getattr__(self, name: str) -> Any:
        """Return a name that is not there yet; the import system itself asks for names with underscores only."""
        if name.startswith(_DUNDER) and name != "__all__":
            raise AttributeError(name)
        _loaded(self)
        return ModuleType.__getattribute__(self, name)

    def __dir__(self) -> list[str]:
        _loaded(self)
        return sorted(self.__dict__)


def _loaded(package: ModuleType) -> None:
    spec = package.__spec__
    if spec is not None and isinstance(spec.loader, _Later):
        spec.loader.load(package)
