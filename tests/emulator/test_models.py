import re

import openai
import pytest


def test_dated_models_say_when_they_shut_down(api):
    models = {model.id: model for model in api.all(api.sdk.models.list())}
    assert models["gpt-5"].shutdown_date == "2026-12-11"
    assert models["gpt-4"].shutdown_date == "2026-10-23"
    assert models["gpt-6-astra"].shutdown_date is None
    dates = {model.shutdown_date for model in models.values()} - {None}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for date in dates)


def test_retrieve_model(api):
    assert api.run(api.sdk.models.retrieve("gpt-4o")).shutdown_date == "2027-01-14"


def test_retrieve_unknown_model_is_not_found(api):
    with pytest.raises(openai.NotFoundError) as caught:
        api.run(api.sdk.models.retrieve("gpt-nothing"))
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
