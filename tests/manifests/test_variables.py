import pytest

from reconciler.manifests import variables
from reconciler.manifests.variables import Variables

VARIABLES = Variables({"url": "https://x", "n": 3, "on": True, "ratio": 0.5})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${var.url}/a", "https://x/a"),
        ("${var.n}", 3),
        ("${var.on}", True),
        ("n=${var.n} on=${var.on} ratio=${var.ratio}", "n=3 on=true ratio=0.5"),
        ("$${var.url}", "${var.url}"),
        ("$$${var.n}", "$${var.n}"),
        ("${url} $url {url} ${var.} ${var ${env.url} ${var.u rl}", None),
        ("", ""),
    ],
)
def test_only_variables_are_replaced(text, value):
    found, unknown = VARIABLES.substitute(text)
    assert (found, type(found)) == ((text, str) if value is None else (value, type(value)))
    assert [one.message for one in unknown] == (["the variable `` is not defined"] if "${var.}" in text else [])


@pytest.mark.parametrize(
    ("written", "value", "text"),
    [
        ("1.10", 1.1, "1.10"),
        ("1.0", 1.0, "1.0"),
        ("1e3", 1000.0, "1e3"),
        ("0x10", 16, "0x10"),
        ("+7", 7, "+7"),
        (".5", 0.5, ".5"),
        ("True", True, "True"),
        ("true", True, "true"),
        ("12", 12, "12"),
        ("'1.10'", "1.10", "1.10"),
        ('"007"', "007", "007"),
        ("'2026-11-28'", "2026-11-28", "2026-11-28"),
        ("yes", "yes", "yes"),
        ("0", 0, "0"),
        ("-0.0", -0.0, "-0.0"),
    ],
)
def test_variable_inside_text_is_replaced_by_its_source(folder, written, value, text):
    folder.environments(dev=f"v: {written}")
    folder.write("prompts/v.md", "${var.v}")
    folder.bot("{target: cloud, instructions: {$file: prompts/v.md}, stop: 'v${var.v}', anything: '${var.v}'}")
    spec = folder.spec()
    assert (spec.instructions, spec.stop) == (text, f"v{text}")
    assert (spec.anything, type(spec.anything)) == (value, type(value))


def test_source_of_a_variable_is_found_through_anchors(folder):
    folder.environments(dev="a: &price 1.10, b: *price", prod="a: 2.50, b: 1")
    folder.bot("{target: cloud, instructions: 'a ${var.a} b ${var.b}'}")
    assert folder.spec("dev").instructions == "a 1.10 b 1.10"
    assert folder.spec("prod").instructions == "a 2.50 b 1"


def test_unknown_variable_is_reported_and_not_replaced():
    found, (unknown,) = VARIABLES.substitute("go to ${var.ulr} now")
    assert found == "go to ${var.ulr} now"
    assert unknown.offset == 6
    assert unknown.hint == "did you mean `url`?"


def test_variables_in_values_are_not_replaced():
    assert Variables({"a": "${var.a}"}).substitute("${var.a}!") == ("${var.a}!", [])


def test_length_of_replaced_variables_is_limited(monkeypatch):
    monkeypatch.setattr(variables, "MAX_INSERTED", 100)
    found, unknown = Variables({"a": "x" * 30}).substitute("${var.a} " * 4)
    assert "more than 64 MiB" in unknown[0].message
    assert len(str(found)) < 100


@pytest.mark.parametrize("text", ["Be ${tone}.", "Be $var.tone.", "Be $var.tone or ${tone}."])
def test_known_variable_in_another_notation_is_a_warning(folder, text):
    folder.environments(dev="tone: calm")
    folder.write("prompts/x.md", f"Hello.\n{text}\n")
    folder.bot("{target: cloud, instructions: {$file: prompts/x.md}, metadata: {a: '" + text + "'}}")
    loaded = folder.load()
    assert [(one.code, one.severity, one.hint[:19]) for one in loaded.problems] == [
        ("miswritten-variable", "warning", "write `${var.tone}`")
    ] * 2
    assert str(loaded.problems[1].place) == "prompts/x.md:2:4" or "or" in text
    assert loaded.resources[0].spec.instructions == f"Hello.\n{text}"


@pytest.mark.parametrize("text", ["${HOME}", "$tone", "$${var.tone}", "$${tone}", "$var.tune", "5 $", "${tone.x}"])
def test_any_other_dollar_is_plain_text(folder, text):
    folder.environments(dev="tone: calm")
    folder.bot(f'{{target: cloud, instructions: "{text}"}}')
    assert folder.spec().instructions == text.replace("$${var", "${var")


class TestDefaults:
    """Variables of the project apply to all environments, which may override them."""

    PROJECT = (
        "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: acme}\nspec:\n"
        "  variables: {price: 1.10, team: sales}\n"
    )
    ENVIRONMENTS = "  environments: {dev: {}, prod: {variables: {price: 2.50, team: 7}}}\n"
    BOT = "{target: cloud, instructions: 'from ${var.price} by ${var.team}'}"

    def test_environment_overrides_the_project(self, folder):
        folder.write("project.yaml", self.PROJECT + self.ENVIRONMENTS)
        folder.bot(self.BOT)
        assert folder.spec("dev").instructions == "from 1.10 by sales"
        assert folder.spec("prod").instructions == "from 2.50 by 7"

    def test_project_without_environments_has_variables(self, folder):
        folder.write("project.yaml", self.PROJECT)
        folder.bot(self.BOT)
        assert folder.spec().instructions == "from 1.10 by sales"

    def test_error_in_a_variable_has_its_place_and_no_others_follow(self, folder):
        folder.write("project.yaml", self.PROJECT.replace("team: sales", "team: [sales]"))
        folder.bot(self.BOT)
        (problem,) = folder.problems()
        assert problem.startswith("project.yaml:5:34: error[wrong-type]")

    def test_wrong_type_names_the_variable(self, folder):
        folder.write("project.yaml", self.PROJECT)
        folder.bot("{target: cloud, instructions: '${var.price}'}")
        (problem,) = folder.problems()
        assert problem.endswith("\n  write the value of the variable `price` in quotes, in project.yaml")

    def test_wrong_value_names_the_variable(self, folder):
        folder.write("project.yaml", self.PROJECT)
        folder.bot("{target: cloud, model: '${var.team}'}")
        (problem,) = folder.problems()
        assert problem.startswith("bot.yaml:4:30: error[unknown-value]")
        assert problem.endswith("(for the value of the variable `team` in project.yaml)")

    def test_hint_of_an_unknown_variable_names_the_place_of_definitions(self, folder):
        folder.bot("{target: cloud, instructions: '${var.price}'}")
        (problem,) = folder.problems()
        assert "the variable `price` is not defined\n  define it in project.yaml" in problem
