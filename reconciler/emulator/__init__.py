"""An emulator of the OpenAI API: the subset that plan, apply and drift use, without a key.

It shares no code with the engine. Defaults and limits are stated here, from the documentation of the API, so that
mistakes of the engine show. Requires the extra `emulator`.
"""

from typing import TYPE_CHECKING

from reconciler.emulator.settings import Settings, clock_ahead

if TYPE_CHECKING:
    from starlette.applications import Starlette

__all__ = ["Settings", "clock_ahead", "create_app"]


def create_app(settings: Settings) -> "Starlette":
    """Create the API as an ASGI application; `app.state.requests` lists (method, path template) of each request.

    Raises ImportError if the extra `emulator` is not installed.
    """
    # Imported here, because starlette and the types of the SDK are slow to import.
    from reconciler.emulator.app import build

    return build(settings)
