"""Lists of objects that may refer to others, of which a key or a server may not permit every one."""

from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from reconciler.live.client import Connection
from reconciler.live.errors import DeniedError, LiveError, NotServedError
from reconciler.resources.base import Unlisted
from reconciler.resources.problems import Problem
from reconciler.resources.registry import resource_types

T = TypeVar("T")
NO_API: Final = "This server does not have this API, and no object of it is known: it counts as empty."
REFUSED: Final = (DeniedError, NotServedError)
"""Errors that show that a list cannot be read, rather than that reading it failed this time."""


def is_ended(type_: str) -> bool:
    """Return True if OpenAI ended the API of the type: that a server does not have it is usual."""
    known = resource_types().get(type_)
    return known is not None and known.shutdown is not None


@dataclass(frozen=True)
class _Refused:
    refers: frozenset[str]
    error: LiveError
    is_openai: bool

    @property
    def is_of_key(self) -> bool:
        """True if another key may be permitted to list the objects."""
        return self.is_openai or isinstance(self.error, DeniedError)

    @property
    def may_be_absent(self) -> bool:
        return isinstance(self.error, NotServedError) and not self.is_openai


@dataclass
class Listing:
    """Attempts to list objects, and the lists that were refused."""

    connection: Connection
    _refused: dict[str, _Refused] = field(default_factory=dict)
    """By type of object."""

    async def attempt(self, type_: str, refers: frozenset[str], work: Coroutine[Any, Any, T], otherwise: T) -> T:
        """Return the result of `work`, which lists objects of a type or their parts; `otherwise` if it is refused."""
        try:
            return await work
        except REFUSED as error:
            self._refused.setdefault(type_, _Refused(refers, error, self.connection.is_openai))
            return otherwise

    @property
    def requests(self) -> tuple[str, ...]:
        """The requests that were refused, without those of an API that OpenAI ended and the server does not have."""
        return tuple(
            sorted(
                refused.error.request
                for type_, refused in self._refused.items()
                if not (refused.may_be_absent and is_ended(type_))
            )
        )

    def require(self, types: Collection[str]) -> None:
        """Raise the error of a refused list of one of these types, or any if no list was returned."""
        for type_, refused in sorted(self._refused.items()):
            if type_ in types or not self.connection.lists:
                raise refused.error

    def problems(self, is_known: Callable[[str], bool]) -> list[Problem]:
        """Return the problem of each refused list: a warning if the server does not have the API of the type, and none
        if OpenAI ended this API.
        """
        absent = self.absent(is_known)
        return [
            replace(problem, severity="warning", hint=NO_API) if type_ in absent else problem
            for type_, refused in sorted(self._refused.items())
            for problem in refused.error.problems
            if not (type_ in absent and is_ended(type_))
        ]

    def absent(self, is_known: Callable[[str], bool]) -> frozenset[str]:
        """Return the types of which the server does not have the API, so that there are no objects of them."""
        return frozenset(one.type for one in self.unlisted(is_known) if one.is_absent)

    def unlisted(self, is_known: Callable[[str], bool]) -> tuple[Unlisted, ...]:
        """Return the refused lists. `is_known` returns True for a type of which an object is known.

        A server does not have the API of a type if the list is a 404 while it returns another list, and no object of
        the type is known. OpenAI itself has all of them, so that its 404 is a refusal. Raises the error if no list was
        returned: then the key or the endpoint is wrong.
        """
        self.require(())
        return tuple(
            Unlisted(
                type=type_,
                refers=refused.refers,
                request=refused.error.request,
                scope=refused.error.scope if refused.is_of_key else "",
                message=refused.error.problems[0].message,
                is_absent=refused.may_be_absent and not is_known(type_),
            )
            for type_, refused in sorted(self._refused.items())
        )
