from itertools import permutations

import pytest
from hypothesis import given, strategies as st
from pydantic import TypeAdapter, ValidationError

from reconciler.resources.kinds.vector_store import KIND, VECTOR_STORE, VectorStoreSpec
from reconciler.resources.values import digest, reference


def static(size, overlap):
    return {"type": "static", "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}}


STATIC = static(1600, 400)
AUTO_AS_RETURNED = static(800, 400)


@pytest.fixture
def store(resource, scope):
    """The store object that a spec asks for."""

    def build(**spec):
        return next(iter(KIND.desired(resource(KIND, "handbook", spec), scope)))

    return build


@pytest.fixture
def findings(resource, scope):
    def check(**spec):
        return list(KIND.check(resource(KIND, "handbook", spec), scope))

    return check


def entry(local, **more):
    return {"file": reference(f"file/{local.path}"), "sha256": local.sha256, **more}


class TestDesired:
    def test_only_fields_of_the_manifest_are_desired(self, store):
        assert store().fields == {"name": "handbook"}

    def test_globs_become_files_by_path(self, store, folder):
        one, two = folder.add("kb/a.md"), folder.add("kb/deep/b.md")
        folder.add("kb/c.pdf")
        assert store(files=["kb/**/*.md"]).fields["files"] == {"kb/a.md": entry(one), "kb/deep/b.md": entry(two)}

    def test_literal_id_is_attached_but_not_read_or_uploaded(self, resource, scope, findings):
        files = ["file-abc1", {"path": "file-abc2", "attributes": {"year": 2026}}]
        (wanted,) = KIND.desired(resource(KIND, "handbook", {"files": files}), scope)
        assert wanted.fields["files"] == {
            "file-abc1": {"file": "file-abc1"},
            "file-abc2": {"file": "file-abc2", "attributes": {"year": 2026}},
        }
        assert findings(files=files) == []

    def test_empty_name_is_allowed(self, store):
        assert store(name="").fields == {"name": ""}

    def test_each_file_is_a_separate_upload(self, resource, scope, folder):
        folder.add("kb/a.md")
        folder.add("kb/b.md")
        wanted = list(KIND.desired(resource(KIND, "handbook", {"files": ["kb/*.md"]}), scope))
        assert [str(object_.address) for object_ in wanted] == ["vectorstore/handbook", "file/kb/a.md", "file/kb/b.md"]

    def test_a_file_adds_to_the_attributes_of_the_store_and_replaces_its_chunking(self, store, folder):
        folder.add("kb/a.md")
        folder.add("kb/b.md")
        files = store(
            files=[
                "kb/*.md",
                {"path": "kb/a.md", "attributes": {"urgent": True}, "chunking_strategy": {"type": "auto"}},
            ],
            attributes={"source": "kb", "year": 2026},
            chunking_strategy=STATIC,
        ).fields["files"]
        assert files["kb/a.md"]["attributes"] == {"source": "kb", "year": 2026, "urgent": True}
        assert files["kb/a.md"]["chunking_strategy"] == AUTO_AS_RETURNED
        assert files["kb/b.md"]["attributes"] == {"source": "kb", "year": 2026}
        assert files["kb/b.md"]["chunking_strategy"] == STATIC

    def test_last_matching_entry_applies(self, store, folder):
        local = folder.add("kb/a.md")
        files = store(files=[{"path": "kb/a.md", "attributes": {"urgent": True}}, "./kb/*.md", "kb//a.md"]).fields[
            "files"
        ]
        assert files == {"kb/a.md": entry(local)}

    def test_missing_files_differ_from_an_empty_list(self, store):
        assert "files" not in store().fields
        assert store(files=[]).fields["files"] == {}

    def test_a_description_is_sent_but_never_compared(self, store):
        wanted = store(description="What customers may read")
        assert wanted.unreadable == {"description": "What customers may read"}
        assert wanted.write_only == {"description": digest("What customers may read")}
        assert "description" not in wanted.fields

    def test_removed_expiry_is_null(self, store):
        assert store(expires_after=None).fields["expires_after"] is None
        assert store(expires_after={"days": 90}).fields["expires_after"] == {"anchor": "last_active_at", "days": 90}

    def test_prune_is_an_option_and_not_a_field(self, store):
        assert store(prune=True).options == {"prune": True}


class TestSpec:
    @pytest.mark.parametrize(
        ("spec", "where"),
        [
            ({"chunking_strategy": static(99, 1)}, "max_chunk_size_tokens"),
            ({"chunking_strategy": static(100, 51)}, "at most half of max_chunk_size_tokens, here 50"),
            ({"expires_after": {"days": 366}}, "less than or equal to 365"),
            ({"metadata": {f"k{i}": "" for i in range(13)}}, "13 pairs, at most 12"),
            ({"metadata": {"reconciler-project": "x"}}, "reserved"),
            ({"metadata": {"k" * 65: "x"}}, "1 to 64 characters"),
            ({"metadata": {"tier": 1}}, "write it in quotes"),
            ({"attributes": {"k": "x" * 513}}, "at most 512 characters; this one has 513"),
            ({"attributes": {"k": float("nan")}}, "finite"),
            ({"attributes": {"k": None}}, "text, a finite number, or true or false"),
            ({"attributes": {f"k{i}": i for i in range(15)}}, "15 pairs, at most 14"),
            ({"filez": []}, "filez"),
        ],
    )  # fmt: skip
    def test_limits_of_the_api(self, spec, where):
        with pytest.raises(ValidationError, match=where) as caught:
            VectorStoreSpec.model_validate(spec)
        assert caught.value.error_count() == 1

    def test_schema_of_a_file_is_a_path_or_an_object(self):
        import jsonschema  # type: ignore[import-untyped]

        schema = TypeAdapter(VectorStoreSpec).json_schema()
        jsonschema.validate({"files": ["kb/*.md", {"path": "a.md", "attributes": {"x": 1}}]}, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"files": [{"attributes": {}}]}, schema)


class TestCheck:
    def test_valid_store_has_no_findings(self, findings, folder):
        folder.add("kb/a.md")
        folder.add("kb/b.pdf")
        assert findings(files=["kb/*"]) == []

    def test_glob_without_a_match_is_an_error(self, findings):
        (finding,) = findings(files=["kb/**/*.md"])
        assert (finding.code, finding.path) == ("empty-glob", ("spec", "files", 0))

    def test_missing_file_is_an_error(self, findings, folder):
        folder.add("kb/a.md")
        (finding,) = findings(files=["kb/*.md", "kb/b.md"])
        assert (finding.code, finding.path) == ("missing-file", ("spec", "files", 1))

    def test_file_that_the_api_refuses_is_an_error(self, findings, folder):
        folder.add("kb/empty.md", size=0)
        folder.add("kb/huge.pdf", size=512 * 1024 * 1024 + 1)
        folder.add("kb/just-fits.pdf", size=512 * 1024 * 1024)
        folder.add("kb/prices.csv")
        assert {(finding.code, finding.message.split()[0]) for finding in findings(files=["kb/*"])} == {
            ("empty-file", "kb/empty.md"),
            ("file-too-large", "kb/huge.pdf"),
            ("unsupported-file", "kb/prices.csv"),
        }

    def test_file_that_file_search_refuses_is_a_warning(self, findings, folder):
        folder.add("kb/report.PDF", is_text=False)
        folder.add("kb/latin.txt", is_text=False)
        folder.add("kb/scan.pdf", is_text=False)
        folder.add("kb/long.md", size=20_000_001)
        folder.add("kb/long.pdf", size=20_000_001)
        found = findings(files=["kb/*"])
        assert {(finding.code, finding.message.split()[0]) for finding in found} == {
            ("upper-case-extension", "kb/report.PDF"),
            ("not-utf8", "kb/latin.txt"),
            ("too-many-tokens", "kb/long.md"),
        }
        assert {finding.severity for finding in found} == {"warning"}

    def test_findings_of_one_entry_are_joined(self, findings, folder):
        for number in range(1005):
            folder.add(f"img/{number:04}.png")
        (finding,) = findings(files=["img/*"])
        assert finding.message.startswith("img/0000.png, img/0001.png, img/0002.png and 1,002 more are of a type")

    def test_attributes_of_store_and_file_together(self, findings, folder):
        folder.add("kb/a.md")
        shared = {f"k{number}": number for number in range(14)}
        assert findings(files=[{"path": "kb/a.md", "attributes": {"k0": "again"}}], attributes=shared) == []
        (finding,) = findings(files=[{"path": "kb/a.md", "attributes": {"more": True}}], attributes=shared)
        assert (finding.code, finding.path) == ("too-many-pairs", ("spec", "files", 0, "attributes"))

    def test_one_name_for_different_content_is_a_warning(self, findings, folder):
        folder.add("kb/gas/faq.md", "gas")
        folder.add("kb/water/faq.md", "water")
        (finding,) = findings(files=["kb/**/*.md"])
        assert (finding.code, finding.severity) == ("duplicate-filename", "warning")
        assert "kb/gas/faq.md, kb/water/faq.md" in finding.message

    def test_equal_files_with_different_settings_are_an_error(self, findings, folder):
        folder.add("kb/gas/faq.md", "same")
        folder.add("kb/water/faq.md", "same")
        assert findings(files=["kb/**/*.md"]) == []
        (finding,) = findings(files=["kb/**/*.md", {"path": "kb/gas/faq.md", "attributes": {"topic": "gas"}}])
        assert (finding.code, finding.severity) == ("one-file-two-settings", "error")


class TestCanonical:
    def test_labels_and_marks_are_not_part_of_the_canonical_form(self):
        assert VECTOR_STORE.canonical("metadata", {"tier": "gold", "reconciler-project": "acme"}) == {"tier": "gold"}
        files = {"file-1": {"attributes": {"a": 1.0, "reconciler-sha256": "ab", "reconciler-project": "acme"}}}
        assert VECTOR_STORE.canonical("files", files) == {"file-1": {"attributes": {"a": 1.0}}}

    @pytest.mark.parametrize("nothing", [None, {}])
    def test_null_is_empty(self, nothing):
        assert VECTOR_STORE.canonical("metadata", nothing) == {}
        assert VECTOR_STORE.canonical("files", {"file-1": {"attributes": nothing}}) == {"file-1": {"attributes": {}}}

    def test_other_chunking_is_unchanged(self):
        files = {"file-1": {"chunking_strategy": {"type": "other"}}}
        assert VECTOR_STORE.canonical("files", files) == files

    def test_render_leaves_files_out(self):
        assert VECTOR_STORE.render({"name": "x", "files": {}}) == {"name": "x"}
        assert "files" in VECTOR_STORE.apart


ADDRESSES = {"file-1": ["file/kb/a.md"], "file-2": ["file/kb/a.md"], "file-3": ["file/kb/b.md", "file/kb/c.md"]}


def localise(live, expected):
    return VECTOR_STORE.localise({"name": "n", "files": live}, lambda id_: ADDRESSES.get(id_, []), expected)["files"]


class TestLocalise:
    def test_localised_file_has_only_expected_settings(self):
        live = {
            "file-1": {"sha256": "1", "filename": "a.md", "attributes": {"x": 1, "y": 2}, "chunking_strategy": STATIC}
        }
        file = reference("file/kb/a.md")
        assert localise(live, {"files": {"kb/a.md": {}}}) == {"kb/a.md": {"file": file, "sha256": "1"}}
        wanted = {"file": file, "sha256": "1", "attributes": {"x": 1}, "chunking_strategy": STATIC}
        assert localise(live, {"files": {"kb/a.md": wanted}}) == {"kb/a.md": wanted}

    def test_shared_upload_is_localised_for_every_expected_path(self):
        expected = {"files": {"kb/b.md": {"sha256": "3"}, "kb/c.md": {"sha256": "3"}}}
        assert localise({"file-3": {"sha256": "3"}}, expected).keys() == {"kb/b.md", "kb/c.md"}
        del expected["files"]["kb/b.md"]
        assert localise({"file-3": {"sha256": "3"}}, expected).keys() == {"kb/c.md"}

    def test_unexpected_file_has_its_first_address(self):
        assert localise({"file-3": {"sha256": "3"}}, {}).keys() == {"kb/b.md"}

    def test_unmanaged_file_keeps_its_id(self):
        stranger = {"filename": "notes.txt", "attributes": {}}
        assert localise({"file-9": stranger}, {}) == {"file-9": {"file": "file-9", **stranger}}

    def test_file_named_by_id_keeps_its_id(self):
        live = {"file-1": {"sha256": "1", "attributes": {"x": 1, "y": 2}}}
        wanted = {"file": "file-1", "attributes": {"x": 1}}
        assert localise(live, {"files": {"file-1": wanted}}) == {"file-1": wanted}
        assert localise({"file-9": {"attributes": {}}}, {"files": {"file-9": {}}}) == {"file-9": {"file": "file-9"}}

    def test_file_with_the_expected_content_gets_the_path(self):
        old, new = ("file-1", {"sha256": "old"}), ("file-2", {"sha256": "new"})
        for live in permutations([old, new]):
            files = localise(dict(live), {"files": {"kb/a.md": {"sha256": "new"}}})
            assert files["kb/a.md"]["sha256"] == "new"
            assert files["file-1"]["sha256"] == "old"

    def test_file_without_a_mark_differs(self):
        expected = {"files": {"kb/a.md": {"file": reference("file/kb/a.md"), "sha256": "1"}}}
        assert localise({"file-1": {}}, expected) == {"kb/a.md": {"file": reference("file/kb/a.md")}}

    def test_store_without_files_is_unchanged(self):
        assert VECTOR_STORE.localise({"name": "n"}, lambda _: [], {"files": {}}) == {"name": "n"}

    @given(
        st.lists(st.sampled_from("abcdef"), unique=True),
        st.dictionaries(st.sampled_from("xyz"), st.integers(0, 3)),
        st.dictionaries(st.sampled_from("uvw"), st.integers(0, 3)),
    )
    def test_written_fields_equal_read_fields(self, names, attributes, by_others):
        wanted = {
            name: {
                "file": reference(f"file/{name}"),
                "sha256": name,
                "attributes": attributes,
                "chunking_strategy": STATIC,
            }
            for name in names
        }
        live = {
            f"file-{name}": {
                "sha256": name,
                "filename": name,
                "attributes": {**attributes, **by_others},
                "chunking_strategy": STATIC,
            }
            for name in names
        }
        fields = VECTOR_STORE.localise(
            {"files": live}, lambda id_: [f"file/{id_.removeprefix('file-')}"], {"files": wanted}
        )
        assert fields == {"files": wanted}
