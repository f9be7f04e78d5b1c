"""Fields that memory keeps as bytes: most objects of an estate are unchanged, and nothing reads their fields again.

`marshal` keeps JSON values exactly, with the order of keys, in a fifth of the time of `json`.
"""

import marshal
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from reconciler.resources.packs import Pack
from reconciler.resources.values import Fields

_FIELDS: Final = Pack()


class Deferring:
    """Base of objects with `fields` that may be built when something reads them for the first time.

    No caller sees a difference, except that two objects which have the same fields may have equal ones.
    """

    if TYPE_CHECKING:
        fields: Fields
    _build: Callable[[], Fields] | None = None

    def defer(self, build: Callable[[], Fields]) -> None:
        """Build the fields when they are read. Those that the object has now are released."""
        with suppress(AttributeError):  # they were deferred before, and nothing has read them
            object.__delattr__(self, "fields")
        object.__setattr__(self, "_build", build)

    def pack(self) -> None:
        """Have the fields as bytes until something reads them, if they are only JSON."""
        build = self._build
        if build is None:
            with suppress(ValueError):
                build = PackedFields(marshal.dumps(dict(self.fields)))
        if build is not None:
            self.defer(build)

    def take(self, other: "Deferring") -> None:
        """Have the fields of another object, which differ at most in the order of keys: memory then has them once."""
        build = other._build  # noqa: SLF001 - of the same class
        if build is None:
            object.__setattr__(self, "fields", other.fields)
            object.__setattr__(self, "_build", None)
        else:
            self.defer(build)

    def read_fields(self) -> Fields:
        """Return the fields, which are not kept if they were deferred."""
        return self.fields if self._build is None else self._build()

    def has_fields_of(self, other: "Deferring") -> bool:
        """Return True if the fields of both objects are one value, so that they are certainly identical."""
        build = other._build  # noqa: SLF001 - of the same class
        return self._build is build and (build is not None or self.fields is other.fields)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Fields:
            """Return the fields of a deferred object: other attributes are always there."""
            if name != "fields" or self._build is None:
                raise AttributeError(name)
            built = self._build()
            object.__setattr__(self, "fields", built)
            return built


class PackedFields:
    """A function that returns fields, which are bytes until then."""

    __slots__ = ("_packed",)

    def __init__(self, fields: bytes) -> None:
        self._packed = _FIELDS.add(fields)

    def __call__(self) -> Fields:
        fields: Fields = marshal.loads(self._packed.read())  # noqa: S302 - bytes of this process
        return fields
