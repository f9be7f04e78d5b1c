"""The limits a minute."""

import openai
import pytest


def test_rate_limits_are_off_by_default(api):
    for _ in range(310):
        api.call("GET", "/models")


@pytest.mark.parametrize(("factor", "allowed"), [(0.01, 10), (0.1, 100)])
def test_rate_limits_are_scaled(embed, factor, allowed):
    api = embed(rate_limit=factor)
    answers = [api.call("GET", "/models").status_code for _ in range(allowed + 1)]
    assert answers == [200] * allowed + [429]


def test_rate_limit_answer_has_retry_after(embed, clock):
    api = embed(rate_limit=0.01)
    for _ in range(3):
        api.agent()
        clock.advance(10)
    response = api.call("POST", "/agents", json={"model": "gpt-5"})
    assert response.status_code == 429
    assert response.headers["retry-after"] == "30"
    error = response.json()["error"]
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")


def test_rate_limit_window_slides(embed, clock):
    api = embed(rate_limit=0.01)
    for _ in range(3):
        api.agent()
        clock.advance(10)
    clock.advance(29.9)
    api.refusal("POST", "/agents", 429, json={"model": "gpt-5"})
    clock.advance(0.1)
    api.agent()
    api.refusal("POST", "/agents", 429, json={"model": "gpt-5"})


def test_methods_are_counted_apart(embed):
    api = embed(rate_limit=0.01)
    for _ in range(3):
        api.refusal("DELETE", "/agents/missing", 404)
    api.refusal("DELETE", "/agents/missing", 429)
    api.agent()


def test_writes_to_one_vector_store_are_limited_together(embed):
    api = embed(rate_limit=0.02)  # six POST, six DELETE, six writes to one store
    busy = api.run(api.sdk.vector_stores.create()).id
    file = api.upload()
    for _ in range(3):
        api.run(api.sdk.vector_stores.files.create(busy, file_id=file))
        api.run(api.sdk.vector_stores.files.delete(file, vector_store_id=busy))
    api.refusal("DELETE", f"/vector_stores/{busy}/files/{file}", 429)
    api.refusal("DELETE", f"/vector_stores/vs_other/files/{file}", 404)


def test_the_sdk_sees_a_rate_limit_error(embed):
    api = embed(rate_limit=0.001)
    api.all(api.sdk.models.list())
    with pytest.raises(openai.RateLimitError):
        api.all(api.sdk.models.list())
