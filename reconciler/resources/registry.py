"""Every kind and every form, found by looking into `kinds/`: adding a kind is adding a module there."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache

from reconciler.resources import kinds as package
from reconciler.resources.base import Form, Kind


def _found(of: type[object]) -> Iterator[object]:
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, of):
                yield value


@cache
def kinds() -> Mapping[str, Kind]:
    """Kinds by the name that manifests write."""
    return {kind.name: kind for kind in _found(Kind) if isinstance(kind, Kind)}


@cache
def forms() -> Mapping[str, Form]:
    """Canonical forms by type of live object."""
    return {form.type: form for form in _found(Form) if isinstance(form, Form)}


@cache
def outlet_types() -> frozenset[str]:
    """Types whose objects are documents in the outlets."""
    return frozenset(type_ for type_, form in forms().items() if form.in_outlets)
