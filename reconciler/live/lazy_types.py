"""Import the OpenAI SDK without the modules of its types, most of what it imports: requests here use none of them.

The packages at and below `openai.types` only import names from their modules. The first use of a name imports its
module; the code of the package runs if that is not enough. Code that uses the types, here or in the SDK, sees no
difference.
"""

import importlib
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING
from importlib.abc import InspectLoader, Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import Any, Final

_TYPES: Final = "openai.types"
_DUNDER: Final = "__"
_IMPORT: Final = re.compile(r"^from (\.\w+) import (?:\(([^()]*)\)|([^()\n]*))$", re.MULTILINE)
_NAME: Final = re.compile(r"\b(\w+) as \1\b")


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
        self._modules: Mapping[str, str] | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Package(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave the code for later."""

    def find(self, name: str, package: str) -> Any:
        """Return what the code of the package imports from one of its modules, or the module; `MISSING` if the code
        must run for that.
        """
        if self._modules is None:
            source = self._loader.get_source(package) if isinstance(self._loader, InspectLoader) else None
            lines = _IMPORT.findall(source or "")
            self._modules = {name: module for module, *names in lines for name in _NAME.findall(" ".join(names))}
        if name in self._modules:
            return getattr(importlib.import_module(self._modules[name], package), name)
        if f".{name}" in self._modules.values():
            return importlib.import_module(f".{name}", package)
        return MISSING

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
        loader = _later(self)
        found = loader.find(name, self.__name__) if loader else MISSING
        if found is not MISSING:
            setattr(self, name, found)
            return found
        _load(self)
        return ModuleType.__getattribute__(self, name)

    def __dir__(self) -> list[str]:
        _load(self)
        return sorted(self.__dict__)


def _load(package: ModuleType) -> None:
    if loader := _later(package):
        loader.load(package)


def _later(package: ModuleType) -> _Later | None:
    spec = package.__spec__
    return spec.loader if spec is not None and isinstance(spec.loader, _Later) else None
