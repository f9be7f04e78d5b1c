"""What a plan costs: bytes and dollars of vector stores, instructions, tools billed by use, what nobody uses."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.planning import build
from reconciler.planning.codec import from_json, to_json
from reconciler.planning.model import Costs, Unknown
from reconciler.resources.kinds.assistant import REQUEST
from reconciler.resources.prices import GB, PRICED_ON, Prices
from tests.support.asking import refusal, remedies, rules
from tests.support.plan_inputs import FORMS, Worlds, entry, ref

A_DOLLAR_A_BYTE = Prices(free_gb=0, vector_storage=GB)
DOLLAR = {"free_gb": 0.0, "vector_storage": float(GB)}
"""The same prices as recorded settings."""
BOTS = {**FORMS, "agent": replace(REQUEST, type="agent", identity="labels")}
"""With instructions and tools as real ones have them."""


def costs(worlds: Worlds, **options: Any) -> Costs:
    found = build.plan(worlds.world(**options)).plan.costs
    assert found is not None
    return found


def store(worlds: Worlds, usage: int | None, **content: str) -> Worlds:
    """A live store with these files, of which OpenAI says that it has so many bytes."""
    for name, text in content.items():
        worlds.stays_file(f"{name}.md", text)
    worlds.stays("vectorstore/kb", files={f"{name}.md": entry(f"{name}.md", text) for name, text in content.items()})
    detail = {} if usage is None else {"usage_bytes": usage}
    worlds.objects = [replace(live, detail=detail) if live.type == "store" else live for live in worlds.objects]
    return worlds


def wanted(worlds: Worlds, **content: str) -> Worlds:
    for name, text in content.items():
        worlds.want_file(f"{name}.md", text)
    return worlds.want(
        "vectorstore/kb", files={f"{name}.md": entry(f"{name}.md", text) for name, text in content.items()}
    )


class TestStorage:
    @pytest.mark.parametrize(
        ("content", "after"),
        [
            ({"a": "four", "b": "seventy"}, 100),
            ({"a": "four", "b": "seventy", "c": "123456"}, 106),
            ({"a": "four"}, 93),
            ({"a": "four", "b": "eightyseven"}, 104),
        ],
        ids=["as it is", "a file more", "a file less", "a longer file"],
    )
    def test_files_count_by_their_size_on_top_of_what_openai_says(self, content, after):
        assert costs(wanted(store(Worlds(), 100, a="four", b="seventy"), **content)).stored == (100, after)

    def test_a_new_store_has_its_files(self):
        found = costs(wanted(Worlds(), a="four", b="seventy"))
        assert (found.stored, found.growth) == ((0, 11), (("vectorstore/kb", 11),))

    def test_a_store_that_goes_takes_all_it_has(self):
        found = costs(store(Worlds(), 100, a="four"))
        assert (found.stored, found.growth) == ((100, 0), (("vectorstore/kb", -100),))

    def test_a_store_of_which_openai_says_nothing_loses_nothing(self):
        assert costs(wanted(store(Worlds(), None, a="four", b="more"), a="four")).stored == (0, 0)

    def test_edits_and_what_is_reverted_add_up(self):
        worlds = wanted(store(Worlds(), 100, a="four"), a="four", b="more")
        worlds.objects = [
            replace(live, fields={**live.fields, "files": {}}) if live.type == "store" else live
            for live in worlds.objects
        ]
        plan = worlds.plan()
        assert [change.address for change in plan.changes + plan.drift].count("vectorstore/kb") == 2
        assert plan.costs is not None
        assert plan.costs.stored == (100, 108)

    def test_what_is_kept_by_hand_moves_nothing(self):
        worlds = wanted(store(Worlds(), 100, a="four"), a="four")
        assert costs(worlds, on_drift="keep").growth == ()

    def test_dollars_begin_after_the_free_part(self):
        assert [Prices().per_day(size) for size in (0, GB, 3 * GB)] == pytest.approx([0, 0, 0.20])

    def test_what_openai_does_not_say_is_unknown(self):
        assert costs(wanted(store(Worlds(), None, a="four"), a="four")).unknown == (Unknown("storage", ("kb",)),)

    def test_an_upload_that_only_its_id_is_known_of_is_too(self):
        files = {"file-77": {"file": "file-77"}}
        assert costs(Worlds().want("vectorstore/kb", files=files)).unknown == (Unknown("file-sizes", ("file-77",)),)
        known = Worlds().want("vectorstore/kb", files=files).live_file("x.md", "four", id_="file-77")
        assert (costs(known).stored, costs(known).unknown) == ((0, 4), ())


class TestInstructions:
    def worlds(self, before: str, after: str, *, model: str = "m1") -> Worlds:
        worlds = Worlds().stays("assistant/triage", model="m0", instructions=before)
        return worlds.want("assistant/triage", model=model, instructions=after)

    def test_their_size(self):
        assert costs(self.worlds("short", "a bit longer"), resource_types=BOTS).prompts == (5, 12)

    def test_none_where_they_stay(self):
        assert costs(self.worlds("same", "same", model="m0"), resource_types=BOTS).prompts == (0, 0)

    def test_another_model_reads_them_at_its_own_price(self):
        found = costs(
            self.worlds("x" * 4000, "x" * 4000), resource_types=BOTS, prices=Prices(models={"m0": 2.0, "m1": 0.5})
        )
        assert found.prompts == (4000, 4000)
        assert found.prompts_per_1000 == pytest.approx((2.0, 0.5))

    def test_copies_that_a_release_makes_do_not_count(self):
        worlds = Worlds().want("assistant/triage@support.1", model="m1", instructions="text")
        assert costs(worlds, resource_types=BOTS).prompts == (0, 0)

    def test_prices_of_tokens_are_those_of_the_project_or_unknown(self):
        worlds = self.worlds("x" * 4000, "x" * 8000)
        found = costs(worlds, resource_types=BOTS, prices=Prices(models={"m0": 2.0, "m1": 1.0}))
        assert found.prompts_per_1000 == pytest.approx((2.0, 2.0))
        unpriced = costs(worlds, resource_types=BOTS, prices=Prices(models={"m0": 2.0}))
        assert (unpriced.prompts_per_1000, unpriced.unknown) == (None, (Unknown("token-prices", ("m1",)),))


def test_tools_that_are_billed_by_use_and_new():
    tools = {
        "code_interpreter": {"type": "code_interpreter", "container": "c"},
        "function:f": {"type": "function", "name": "f"},
    }
    search = {"file_search": {"type": "file_search", "vector_store_ids": ["vs_1"]}}
    worlds = Worlds().stays("assistant/triage", tools=search).want("assistant/triage", tools={**search, **tools})
    assert costs(worlds, resource_types=BOTS).paid == (("assistant/triage", "code_interpreter", 0.03),)


def test_what_nothing_refers_to_any_more():
    worlds = wanted(store(Worlds(), 100, a="four"), a="four").synced("widget/lamp", uses=ref("vectorstore/kb"))
    assert costs(worlds).unused == ()
    assert costs(worlds.want("widget/lamp", uses=None)).unused == (("vectorstore/kb", 100),)


def test_where_prices_are_from():
    assert costs(Worlds()).source == f"OpenAI's prices of {PRICED_ON}"
    assert costs(Worlds(), prices=Prices(file_search=1)).source == "prices of project.yaml"


def test_they_survive_json():
    plan = wanted(store(Worlds(), 100, a="four"), a="four", b="more").plan()
    assert plan.costs is not None
    assert plan.costs.growth
    assert from_json(to_json(plan)).costs == plan.costs


class TestLimit:
    def growing(self, size: int) -> Worlds:
        return wanted(store(Worlds(), 100, a="four"), a="four", b="x" * size)

    @pytest.mark.parametrize(("size", "refused"), [(50, False), (51, True)])
    def test_more_than_it_allows_is_refused(self, size, refused):
        found = rules(self.growing(size), prices=A_DOLLAR_A_BYTE, max_daily_cost=150.0)
        assert found == ([("cost", "project/acme")] if refused else [])

    def test_without_one_nothing_is(self):
        assert rules(self.growing(1000), prices=A_DOLLAR_A_BYTE) == []

    def test_a_plan_that_makes_it_less_is_not(self):
        worlds = wanted(store(Worlds(), 100, a="four", b="more"), a="four")
        assert rules(worlds, prices=A_DOLLAR_A_BYTE, max_daily_cost=1.0) == []

    def test_it_says_what_would_be_enough(self):
        found = refusal(self.growing(60), prices=A_DOLLAR_A_BYTE, max_daily_cost=150.0)
        assert found.cause.code == "daily-cost"
        assert found.cause.args == pytest.approx({"dollars": 160.0, "before": 100.0, "allowed": 150.0})
        assert remedies(found) == {"raise-daily-cost": {"dollars": 160, "address": "project/acme"}}

    def test_a_consent_is_bound_to_what_grows(self):
        subjects = {
            refusal(self.growing(size), prices=A_DOLLAR_A_BYTE, max_daily_cost=150.0).subject for size in (60, 60, 70)
        }
        assert len(subjects) == 2

    @pytest.mark.parametrize(
        ("recorded", "now", "prices", "code"),
        [
            ({"max_daily_cost": 150.0, **DOLLAR}, {}, A_DOLLAR_A_BYTE, "apply-settings"),
            ({"max_daily_cost": 150.0, **DOLLAR}, {"max_daily_cost": 500.0}, A_DOLLAR_A_BYTE, "apply-settings"),
            ({"max_daily_cost": 150.0, **DOLLAR}, {"max_daily_cost": 150.0}, Prices(), "apply-settings"),
            ({"max_daily_cost": 150.0, **DOLLAR}, {"max_daily_cost": 155.0}, A_DOLLAR_A_BYTE, "raise-daily-cost"),
            ({}, {"max_daily_cost": 150.0}, A_DOLLAR_A_BYTE, "raise-daily-cost"),
        ],
    )
    def test_recorded_limits_and_prices_count_too(self, recorded, now, prices, code):
        found = refusal(self.growing(60).recorded(**recorded), prices=prices, **now)
        assert (found.rule, found.remedies[0].code) == ("cost", code)
        assert found.cause.args["dollars"] == pytest.approx(160.0)


def test_a_file_in_two_stores_is_stored_twice():
    worlds = wanted(Worlds(), a="four").want("vectorstore/copy", files={"a.md": entry("a.md", "four")})
    assert costs(worlds).stored == (0, 8)
