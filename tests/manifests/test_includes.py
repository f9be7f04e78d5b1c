import json
from typing import Any

import pytest

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
TOOL = "{target: cloud, tools: [{type: function, name: f, parameters: {$file: tools/f.json}}]}"


def instructions(folder, path):
    folder.bot(f"{{target: cloud, instructions: {{$file: {path}}}}}")


def test_included_text_has_no_final_newline(folder):
    folder.write("p.md", "one\n\ntwo\n\n")
    instructions(folder, "p.md")
    assert folder.spec().instructions == "one\n\ntwo\n"


def test_included_text_drops_a_byte_order_mark_and_keeps_windows_line_ends(folder):
    folder.write("p.md", b"\xef\xbb\xbfone\r\ntwo\r\n")
    instructions(folder, "p.md")
    assert folder.spec().instructions == "one\ntwo"


def test_place_in_an_included_file_with_line_ends_of_windows(folder):
    folder.environments(dev="a: 1")
    folder.write("p.md", b"one\r\ntwo\r\nx ${var.b}\r\n")
    instructions(folder, "p.md")
    assert [str(one.place) for one in folder.load().problems] == ["p.md:3:3"]


@pytest.mark.parametrize(
    ("path", "content"),
    [("f.json", '{"type": "object", "a": [1, null]}'), ("f.yaml", "type: object\na: [1, null]\n")],
)
def test_json_file_in_a_structured_field_is_included_as_structure(folder, path, content):
    folder.write(path, content)
    folder.bot(f"{{target: cloud, tools: [{{type: function, name: f, parameters: {{$file: {path}}}}}]}}")
    assert folder.spec().tools[0].parameters == {"type": "object", "a": [1, None]}


def test_json_file_in_a_text_field_is_included_as_text(folder):
    folder.write("p.json", '{"a": 1}\n')
    instructions(folder, "p.json")
    assert folder.spec().instructions == '{"a": 1}'


def test_invalid_json_file_in_a_text_field_is_included_as_text(folder):
    folder.write("p.json", "Answer in JSON: {…}")
    instructions(folder, "p.json")
    assert folder.spec().instructions == "Answer in JSON: {…}"


def test_variables_in_included_files_are_replaced(folder):
    folder.environments(staging="tier: 3, who: we")
    folder.write("p.md", "${var.who} $${var.who} $x {y}")
    folder.write("tools/f.json", '{"a": "${var.tier}", "b": ["x ${var.tier}"], "$ref": "#"}')
    folder.bot(TOOL.replace("tools:", "instructions: {$file: p.md}, tools:"))
    spec = folder.spec()
    assert spec.instructions == "we ${var.who} $x {y}"
    assert spec.tools[0].parameters == {"a": 3, "b": ["x 3"], "$ref": "#"}


def test_unknown_variable_is_reported_at_its_place_in_the_included_file(folder):
    folder.environments(staging="tier: 3")
    folder.write("p.md", "first\n  and ${var.teir}")
    folder.write("tools/f.json", '{\n  "a": "${var.x}"}')
    folder.bot(TOOL.replace("tools:", 'instructions: {$file: p.md}, stop: "${var.y}", tools:'))
    assert [problem.split(": ")[0] for problem in folder.problems()] == [
        "bot.yaml:4:58",
        "p.md:2:7",
        "tools/f.json:2:8",
    ]
    assert "did you mean `tier`?" in folder.problems()[1]


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        ('{"a": 1,}', "1:9", "not valid JSON"),
        ('{"a": 1, "a": 2}', "1:1", "repeated"),
        ('{"a": NaN}', "1:1", "not valid JSON"),
        ('{"a": 1e999}', "1:1", "too large"),
        ('{"a": 12345678901234567890}', "1:1", "2**53"),
        ('{"a": "\\ud800"}', "1:1", "surrogate"),
        ('{"a":' * 70 + "1" + "}" * 70, "1:1", "deeper"),
        ("[" * 100_000, "1:1", "deeper"),
        (json.dumps([1] * 100_001), "1:1", "100,000"),
        ('{"$file": "x"}', "1:2", "another"),
        ('{"x": {"$address": "bot/x"}}', "1:8", "reserved"),
        (b"\xff", None, "not valid UTF-8"),
        (LFS, None, "git lfs pull"),
        ("x" * (4 * 2**20 + 1), None, "4 MiB"),
    ],
    ids=lambda value: str(value)[:16],
)
def test_error_in_an_included_file_is_reported_there(folder, content, place, message):
    folder.write("tools/f.json", content)
    folder.bot(TOOL)
    (problem,) = folder.problems()
    assert message in problem
    assert problem.startswith(f"tools/f.json:{place}: " if place else "bot.yaml:4:")


def test_model_error_in_an_included_value_is_reported_in_the_included_file(folder):
    folder.write("m.json", '{\n  "a": "x",\n  "b": 1\n}')
    folder.bot("{target: cloud, metadata: {$file: m.json}}")
    assert folder.problems() == [
        "m.json:3:8: error[wrong-type]: expected a string, found 1\n  write it in quotes",
    ]


@pytest.mark.parametrize(
    ("include", "code"),
    [
        ("{$file: none.md}", "missing-file"),
        ("{$file: ../outside.md}", "outside-project"),
        ("{$file: /etc/passwd}", "bad-path"),
        ("{$file: linked.md}", "outside-project"),
        ("{$file: folder/outside.md}", "outside-project"),
        ("{$file: .git/config}", "hidden-file"),
        ("{$file: innocent.md}", "hidden-file"),
        ("{$file: kb}", "not-a-file"),
        ('{$file: "a\\0b"}', "bad-path"),
        ("{$file: 3}", "bad-include"),
        ("{$file: a.md, more: 1}", "bad-include"),
        ("{$env: KEY}", "secret-not-allowed"),
        ("{$address: bot/x}", "reserved-key"),
        ("{'${var.x}': 1}", "variable-in-key"),
    ],
)
def test_invalid_include_is_refused(folder, tmp_path, include, code):
    (tmp_path / "outside.md").write_text("secret")
    folder.write("kb/a.md", "")
    folder.write(".git/config", "token")
    (folder.root / "linked.md").symlink_to(tmp_path / "outside.md")
    (folder.root / "folder").symlink_to(tmp_path)
    (folder.root / "innocent.md").symlink_to(".git/config")
    folder.bot(f"{{target: cloud, anything: {include}}}")
    problems = [problem for problem in folder.load().problems if problem.place and problem.place.file == "bot.yaml"]
    assert [problem.code for problem in problems] == [code]
    assert all(problem.place and problem.place.line == 4 for problem in problems)


def test_link_inside_the_project_can_be_included(folder):
    folder.write("kb/a.md", "text")
    (folder.root / "a.md").symlink_to("kb/a.md")
    (folder.root / "linked").symlink_to("kb")
    instructions(folder, "linked/a.md")
    assert folder.spec().instructions == "text"


def test_number_of_included_values_is_limited(folder, monkeypatch):
    monkeypatch.setattr("reconciler.manifests.expansion.MAX_INCLUDED_NODES", 10)
    folder.write("tools/f.json", "[1, 2, 3, 4]")
    for index in range(3):
        folder.bot("{target: cloud, anything: {$file: tools/f.json}}", name=f"b{index}", path=f"{index}.yaml")
    assert folder.codes() == ["too-large"]


def test_values_without_dollar_are_not_copied(folder):
    from reconciler.manifests.expansion import Expander, Expansion
    from reconciler.manifests.includes import Sources
    from reconciler.manifests.variables import Variables

    expansion = Expansion(Expander(Sources(folder.root, ""), Variables({"x": 1})), lambda *_: pytest.fail("no problem"))
    value: Any = {"plain": {"a": [1]}, "other": ["${var.x}", {"b": 2}]}
    expanded = expansion.expand(value)
    assert expanded == {"plain": {"a": [1]}, "other": [1, {"b": 2}]}
    assert expanded["plain"] is value["plain"]
    assert expanded["other"][1] is value["other"][1]
    assert expansion.expand(value["plain"]) is value["plain"]


def test_path_relative_to_the_manifest_gets_a_hint_with_the_path_in_the_project(folder):
    folder.write("prompts/x.md", "Hello")
    folder.bot("{target: cloud, instructions: {$file: ../prompts/x.md}}", path="bots/x.yaml")
    (problem,) = folder.load().problems
    assert (problem.code, problem.hint) == (
        "outside-project",
        "paths are relative to the project folder: write `prompts/x.md`",
    )
