"""The building blocks of resource modules: endpoints with a method, a path and a function of a `Call`."""

import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import is_typeddict

from reconciler.emulator.bodies import json_object
from reconciler.emulator.errors import not_found
from reconciler.emulator.limits import enforce
from reconciler.emulator.paging import Paging, envelope
from reconciler.emulator.schema import Check, checker, members, strict
from reconciler.emulator.settings import Settings
from reconciler.emulator.store import Document, Store, UnknownCursorError, Where


@dataclass(frozen=True)
class Lane:
    """A limit per minute of requests about one object."""

    name: str
    per_minute: int


@dataclass(frozen=True)
class Body:
    """The reader and the checks of a request body.

    `type` is the SDK's type of the parameters, or a union of types for a body with variants. `in_path` names parameters
    in the path, the query or a header. `limits` is passed to `limits.enforce`.
    """

    type: Any
    limits: Mapping[str, Check] = field(default_factory=dict)
    in_path: Collection[str] = ()
    read: Callable[[Request], Awaitable[Document]] = json_object

    def check(self, body: Document) -> None:
        """Raise ApiError for the first error in the body."""
        self._shape(body, "")
        enforce(self.limits, body)

    @cached_property
    def _shape(self) -> Check:
        if not is_typeddict(self.type):
            return checker(self.type)
        return strict({name: hint for name, hint in members(self.type).items() if name not in self.in_path})


@dataclass(frozen=True)
class Call:
    """A request that was read and checked, inside a transaction of `store`."""

    store: Store
    settings: Settings
    path: Mapping[str, str]
    query: QueryParams
    body: Document

    @cached_property
    def now(self) -> float:
        return self.settings.now()

    @property
    def id(self) -> str:
        return self.path["id"]

    def list(
        self,
        kind: str,
        paging: Paging,
        render: Callable[[Document], Document],
        scope: str = "",
        where: Callable[[Mapping[str, str]], Where] | None = None,
    ) -> Document:
        """Return one page of the objects of a kind; `where` converts the filters of the query into a condition."""
        window, filters = paging.read(self.query)
        try:
            page = self.store.page(kind, window, scope, where(filters) if where else None)
        except UnknownCursorError as error:
            raise not_found(f"No object with id '{error}' is in this list.", paging.cursor_param) from error
        return envelope(page, [render(document) for document in page.data])


Handler = Callable[[Call], Document | Response]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A method of a path.

    `lane` is the limit per minute of the requests that share it, for one object: the `id` in the path.
    """

    method: str
    path: str
    handle: Handler
    body: Body | None = None
    status: int = 200
    lane: Lane | None = None


def new_id(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


def deleted(call: Call, object_: str) -> Document:
    return {"id": call.id, "object": object_, "deleted": True}
