"""The embedded OpenAI API: enough of the real one to plan, apply and look for drift against, without a key.

It knows nothing of the engine and states defaults and limits itself, from the API's documentation, so that the
engine's mistakes show. Needs the extra `emulator`.
"""

from typing import TYPE_CHECKING

from reconciler.emulator.settings import Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

__all__ = ["Settings", "create_app"]


def create_app(settings: Settings) -> "Starlette":
    """The API as an ASGI application; `app.state.requests` lists the (method, path template) of each request.

    Raises ImportError where the extra `emulator` is not installed.
    """
    # Here, because both starlette and the SDK's types take long to import.
    from reconciler.emulator.app import build

    return build(settings)
