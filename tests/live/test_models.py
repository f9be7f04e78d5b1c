from datetime import date

from reconciler.live.pages import shutdown_dates


def test_dates_and_their_absence(api):
    dates = api.run(shutdown_dates(api.connection))
    assert dates["gpt-5"] == date(2026, 12, 11)
    assert dates["gpt-6-luna"] is None
    assert api.requests() == ["GET /v1/models"]
