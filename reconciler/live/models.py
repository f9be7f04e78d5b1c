"""What the API says of models."""

from datetime import date

from reconciler.live.client import Connection


async def shutdown_dates(connection: Connection) -> dict[str, date | None]:
    """When each model that the key may use is shut down; None where no date is set (GET /models, `shutdown_date`)."""
    listed = await connection.get("models")
    return {model["id"]: _date(model.get("shutdown_date")) for model in listed["data"]}


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
