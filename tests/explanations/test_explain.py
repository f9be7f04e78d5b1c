"""Topics: the list of kinds, paths, codes and terms, and suggestions for wrong words."""

from typing import get_args

import pytest

from reconciler.explanations.codes import explanations, page
from reconciler.explanations.explain import explain
from reconciler.explanations.fields import ManifestSchema
from reconciler.explanations.glossary import terms
from reconciler.planning.model import Action, DriftClass, OnDrift
from reconciler.resources.problems import ReconcilerError
from reconciler.resources.registry import kinds


def test_no_topic_lists_the_kinds():
    assert "Assistant" in [kind.name for kind in explain("").kinds]


def test_code_is_explained():
    [found] = explain("refused[referenced]:").codes
    assert (found.code, found.is_a) == ("referenced", "refusal")


@pytest.mark.parametrize("word", [*get_args(DriftClass), "foreign-file", *get_args(Action), *get_args(OnDrift)[:2]])
def test_word_of_a_plan_is_explained(word):
    assert explain(word).terms


@pytest.mark.parametrize("word", ["in sync", "differs", "pending", "not applied", "not-applied", "refused"])
def test_word_of_a_status_is_explained(word):
    assert explain(word).terms


def test_word_of_a_table_is_explained_with_all_its_meanings():
    found, *_ = explain("missing").terms
    assert found.of == "drift"
    assert len(found.meaning.splitlines()) == 3


def test_word_that_is_a_code_and_a_term_is_explained_as_both():
    found = explain("drift")
    assert ([one.is_a for one in found.codes], [one.term for one in found.terms]) == (["refusal"], ["drift"])


def test_explanation_names_no_file_of_the_documentation():
    every = [one.solution + one.meaning for one in explanations(page())] + [one.meaning for one in terms()]
    assert not [text for text in every if ".md)" in text or "](" in text or "docs/" in text]


@pytest.mark.parametrize("word", ["pointer", "digest", "dirty", "through"])
def test_word_of_many_outputs_is_explained(word):
    assert explain(word).terms


def test_code_may_be_as_a_plan_prints_it():
    assert [one.code for one in explain("! model-unlisted:").codes] == ["model-unlisted"]


def test_emphasis_and_references_are_readable_in_a_terminal():
    (found,) = explain("refusal").terms
    assert "A risk is shown in the plan" in found.meaning
    (drift,) = explain("drift").terms
    assert drift.meaning.index("a class:\n`modified`: ") < drift.meaning.index("\nRepaired means that")
    (left,) = explain("environment-left").codes
    assert 'See "Splitting a project into environments" on the page "manifests" of the documentation.' in left.solution


def test_code_of_two_classes_is_explained_for_both():
    assert [one.is_a for one in explain("foreign-owner").codes] == ["error", "refusal"]


@pytest.mark.parametrize("topic", ["Assistant.spec.tools", "assistant/spec/tools", "assistant.spec.tools[0]"])
def test_path_may_be_written_in_several_ways(topic):
    assert all(field.selected_by == "type" for field in explain(topic).fields)


def test_kind_may_be_named_as_in_addresses():
    assert explain("release.spec").fields == explain("chatbotversion.spec").fields


def test_no_code_is_the_name_of_a_kind():
    names = {name for kind in kinds().values() for name in (kind.name.lower(), kind.prefix)}
    assert not names & {one.code for one in explanations(page())}


def test_kind_that_the_schema_file_does_not_have_is_explained(monkeypatch):
    file = ManifestSchema({"oneOf": [], "$defs": {}})
    monkeypatch.setattr("reconciler.explanations.explain.schema", lambda: file)
    assert explain("vault").fields[0].path == "vault"


@pytest.mark.parametrize(
    ("topic", "message", "hint"),
    [
        ("agent", "`agent` is not a kind, a field, a code or a term", "did you mean `assistant`, "),
        ("assistants", "`assistants` is not a kind, a field, a code or a term", "did you mean `assistant`, "),
        ("store", "`store` is not a kind, a field, a code or a term", "did you mean `vectorstore`, "),
        ("vector stores", "`vector stores` is not a kind, a field, a code or a term", "did you mean `vectorstore`?"),
        ("bot", "`bot` is not a kind, a field, a code or a term", "did you mean `chatbot`?"),
        ("env", "`env` is not a kind, a field, a code or a term", "did you mean `environment`, "),
        ("file", "`file` is not a kind, a field, a code or a term", "`vectorstore.spec.files`"),
        ("asistant", "`asistant` is not a kind, a field, a code or a term", "did you mean `assistant`?"),
        ("unknwon-field", "`unknwon-field` is not a kind, a field, a code or a term", "did you mean `unknown-field`"),
        ("error[no-projekt]", "`error[no-projekt]` is not a kind, a field, a code or a term", "`no-project`"),
        (
            "keep_on_delete",
            "`keep_on_delete` is not a kind, a field, a code or a term",
            "`project.lifecycle.keep_on_delete`",
        ),
        (
            "lifecycle",
            "`lifecycle` is not a kind, a field, a code or a term",
            "did you mean `project.lifecycle`, `assistant.lifecycle`",
        ),
        (
            "spec.safety",
            "`spec.safety` is not a kind, a field, a code or a term",
            "did you mean `project.spec.safety`?",
        ),
        (
            "tools[0].type",
            "`tools[0].type` is not a kind, a field, a code or a term",
            "did you mean `assistant.spec.tools.0.type`?",
        ),
        ("qqq", "`qqq` is not a kind, a field, a code or a term", "write fields as in"),
        ("assistant.model", "`assistant` has no field `model`", "did you mean `assistant.spec.model`?"),
        ("assistant.spec.tols", "`assistant.spec` has no field `tols`", "did you mean `tools`?"),
        (
            "vault.metadata.name.x",
            "`vault.metadata.name` has no field `x`",
            "`reconciler explain vault.metadata.name`",
        ),
        ("...", "`...` is not a kind, a field, a code or a term", "write fields as in"),
    ],
)
def test_wrong_word_is_reported_with_a_suggestion(topic, message, hint):
    with pytest.raises(ReconcilerError) as found:
        explain(topic)
    [problem] = found.value.problems
    assert (problem.code, problem.message) == ("unknown-topic", message)
    assert hint in problem.hint
