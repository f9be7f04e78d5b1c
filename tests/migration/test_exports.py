"""Which objects are found in a file, whatever else is in it."""

import json
from typing import Any

import pytest

from reconciler.migration import scanning
from reconciler.migration.exports import find_exports, read_exports
from tests.migration.exports import assistant

ONE, TWO = json.dumps(assistant("one")), json.dumps(assistant("two"))


def found(text: str | bytes):
    exports, problems = find_exports(text.encode() if isinstance(text, str) else text, "x.json")
    return [export.value.get("id") for export in exports], [problem.code for problem in problems]


class TestShapes:
    @pytest.mark.parametrize(
        "text",
        [
            ONE + TWO,
            f"{ONE}\n{TWO}\n",
            f"{ONE},\n{TWO},\n",
            f"[{ONE}, [{TWO}]]",
            f'{{"data": [{ONE}]}} {{"data": [{TWO}]}}',
            f'{{"a": {{"b": {ONE}}}, "c": {TWO}}}',
            json.dumps(f"[{ONE}, {TWO}]"),
            f"\x1e{ONE}\n\x1e{TWO}\n",
            f"\ufeff{ONE}\r\n\r\n{TWO}",
        ],
        ids=["joined", "lines", "commas", "nested", "pages", "keys", "text", "sequence", "windows"],
    )
    def test_objects_are_found_in_any_wrapping(self, text):
        assert found(text) == (["asst_one", "asst_two"], [])

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
    def test_objects_are_read_in_any_unicode_encoding(self, encoding):
        text = json.dumps(assistant("Zürich"), ensure_ascii=False)
        assert found(text.encode(encoding)) == (["asst_Zürich"], [])

    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            ({"id": "asst_1", "model": "m"}, "assistant"),
            ({"model": "m", "file_ids": []}, "assistant"),
            ({"id": "pmpt_1"}, "prompt"),
            ({"model": "m", "messages": []}, "prompt"),
            ({"name": "p", "versions": []}, "prompt"),
        ],
    )
    def test_objects_are_recognised_with_and_without_object_field(self, value, kind):
        (export,), _ = find_exports(json.dumps(value).encode(), "x.json")
        assert export.kind == kind

    def test_every_item_of_a_list_is_reported(self):
        bad = {"name": "Bad", "tools": [{"type": "function"}]}
        exports, (problem,) = find_exports(json.dumps([assistant("one"), bad]).encode(), "x.json")
        assert [export.value["id"] for export in exports] == ["asst_one"]
        assert (problem.code, problem.severity) == ("unknown-object", "error")
        assert "Bad" in problem.message

    @pytest.mark.parametrize(
        ("value", "severity"),
        [
            ([{"name": "Bad", "tools": []}], "error"),
            ({"bots": {"a": {"instructions": "Be kind."}}}, "error"),
            ({"model": "m"}, "error"),
            ([{"level": "info"}], "warning"),
        ],
    )
    def test_an_object_that_may_be_incomplete_is_an_error(self, value, severity):
        exports, (problem,) = find_exports(json.dumps(value).encode(), "x.json")
        assert (exports, problem.code, problem.severity) == ([], "unknown-object", severity)

    def test_an_object_under_another_key_than_an_export_is_reported(self):
        value = {"one": assistant("one"), "bad": {"name": "Bad", "temperature": 1}}
        exports, (problem,) = find_exports(json.dumps(value).encode(), "x.json")
        assert [export.value["id"] for export in exports] == ["asst_one"]
        assert (problem.code, "Bad" in problem.message) == ("unknown-object", True)

    def test_objects_are_found_at_any_depth(self):
        value: Any = assistant("one")
        for number in range(50):
            value = {"in": value} if number % 2 else [value]
        assert found(json.dumps(value)) == (["asst_one"], [])

    def test_places_are_those_of_the_ids(self):
        text = f'{{"data": [\n  {ONE},\n  {TWO}\n]}}'
        exports, _ = find_exports(text.encode(), "x.json")
        assert [str(export.place) for export in exports] == ["x.json:2:10", "x.json:3:10"]


class TestEditedByHand:
    @pytest.mark.parametrize(
        "text",
        [
            '{"id": "asst_1", "model": "m",}',
            '{"id": "asst_1", // the first one\n "model": "m"}',
            '{"id": "asst_1", /* the\nfirst */ "model": "m", # yes\n}',
            '{"id": "asst_1", "model": "m", "tools": [{"type": "file_search"},],\n}',
            '{"id": "asst_1", "model": "m", "tools": [ // none\n ] , // end\n}',
            '{"id": "asst_1", "model": "m", "instructions": "one\ntwo\tthree"}',
        ],
        ids=["comma", "line", "block", "nested", "empty", "break"],
    )
    def test_comments_commas_and_line_breaks_are_read(self, text):
        assert found(text) == (["asst_1"], [])
        assert found(f"{text}\n{ONE}\n") == (["asst_1", "asst_one"], [])

    @pytest.mark.parametrize("comment", ["// old: {", f"# {TWO}", f"/* {TWO}\n{TWO} */"], ids=["line", "hash", "block"])
    def test_comments_between_objects_are_not_read(self, comment):
        assert found(f"{comment}\n{ONE}\n{comment}\n") == (["asst_one"], [])

    def test_each_of_many_edited_lines_is_cleaned_once(self, monkeypatch):
        text, plain = '{"id": "asst_1", "model": "m",}\n' * 200, scanning._plain
        cleaned: list[int] = []

        def counted(part: str) -> str:
            cleaned.append(len(part))
            return plain(part)

        monkeypatch.setattr(scanning, "_plain", counted)
        ids, problems = found(text)
        assert (len(ids), problems) == (200, [])
        assert sum(cleaned) <= len(text)

    def test_texts_are_kept(self):
        said = 'see https://x.example/a, # 1 /* and */ [1,]\n{ } \\ " // end'
        escaped = json.dumps(said).replace("\\n", "\n")
        (export,), problems = find_exports(
            f'{{"id": "asst_1", "model": "m", "instructions": {escaped},}}'.encode(), "x"
        )
        assert (export.value["instructions"], problems) == (said, [])


class TestBrokenFiles:
    def test_complete_objects_of_a_broken_file_are_kept(self):
        assert found(f'{{"data": [{ONE}, {{"id": "asst_torn", "instr') == (["asst_one"], ["truncated"])

    def test_a_broken_line_costs_one_object(self):
        assert found(f'{ONE}\n{{"id": "asst_bad", oops}}\n{TWO}\n') == (["asst_one", "asst_two"], ["syntax"])

    def test_every_broken_line_is_reported(self):
        _, problems = find_exports(f'{{"id": "asst_a", oops}}\n{ONE}\n{{"id": "asst_b", oops}}\n'.encode(), "x.json")
        assert [(problem.place and problem.place.line, "asst_" in problem.message) for problem in problems] == [
            (1, True),
            (3, True),
        ]

    def test_invalid_utf_8_affects_only_its_object(self):
        spoilt = json.dumps(assistant("M\u00fcller"), ensure_ascii=False).encode("latin-1")
        assert found(ONE.encode() + b"\n" + spoilt) == (["asst_one"], ["not-utf-8"])

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("Assistant(id='asst_1', model='gpt-4o')", "python-print"),
            ("SyncCursorPage[Assistant](data=[Assistant(id='asst_1')])", "python-print"),
            ("[Assistant(id='asst_1'), Assistant(id='asst_2')]", "python-print"),
            ("{'id': 'asst_1', 'description': None}", "python-print"),
            ("", "nothing-found"),
            ("[]", "nothing-found"),
            ("id,name\nasst_1,Helper\n", "no-json"),
            ("[" * 100_000, "syntax"),
            ('{"a":' * 100_000, "syntax"),
            ('{"object": "assistant", "model": ' + "[" * 80 + "]" * 80 + "}", "too-deep"),
            ('{"object": "assistant", "created_at": ' + "9" * 5000 + "}", "syntax"),
        ],
        ids=["repr", "page", "list", "dict", "empty", "none", "csv", "deep", "deeper", "nested", "number"],
    )
    def test_unreadable_text_is_reported(self, text, code):
        assert found(text) == ([], [code])

    def test_reading_stops_after_too_many_faults(self):
        _, problems = found("{oops\n" * 100_000)
        assert len(problems) == 1_001

    def test_a_missing_file_is_reported(self, tmp_path):
        _, (problem,) = read_exports(tmp_path / "none.json")
        assert problem.code == "unreadable-file"
