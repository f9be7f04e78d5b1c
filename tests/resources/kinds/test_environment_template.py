import base64
from typing import Any

import pytest
from pydantic import ValidationError

from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.environment_forms import DEFAULTS
from reconciler.resources.environment_settings import EnvironmentTemplateSpec
from reconciler.resources.kinds.environment_template import KIND, TEMPLATE
from reconciler.resources.secrets import EnvReference
from reconciler.resources.values import reference

NETWORK = {"access": "disabled"}
TABLE = {"type": "file_id", "file_id": "data/t.csv", "path": "/workspace/t.csv"}
PROMPT = {"type": "inline", "path": "/workspace/a", "text": "Grüße"}
SOURCE = {"type": "base64", "media_type": "application/zip", "data": "UEsFBg=="}
PLUGIN = {"type": "inline", "name": "crm", "description": "The CRM.", "source": SOURCE}
SKILL = {"type": "skill_reference", "skill_id": "notes"}
TOKEN = EnvReference("CRM_TOKEN")


@pytest.fixture
def desired(resource, scope, folder):
    folder.add("data/t.csv")

    def build(**fields: Any):
        return next(iter(KIND.desired(resource(KIND, "desk", {"network": NETWORK, **fields}), scope)))

    return build


@pytest.fixture
def findings(resource, scope, folder):
    folder.add("data/t.csv")

    def check(**fields: Any):
        return list(KIND.check(resource(KIND, "desk", {"network": NETWORK, **fields}), scope))

    return check


class TestDesired:
    def test_only_what_the_manifest_sets_is_managed(self, desired):
        found = desired()
        assert found.fields == {"name": "desk", "network": {"access": "disabled", "allowed_domains": []}}
        assert (found.write_only, found.secrets) == ({}, {})

    def test_domains_are_in_lower_case_and_sorted(self, desired):
        network = {"access": "restricted", "allowed_domains": ["B.example", "a.example"]}
        assert desired(network=network).fields["network"]["allowed_domains"] == ["a.example", "b.example"]

    def test_names_become_references_and_ids_stay(self, desired):
        found = desired(files=[TABLE], skills=[SKILL, {**SKILL, "skill_id": "skill_1", "version": "2"}])
        assert found.fields["files"] == [{**TABLE, "file_id": reference(Address("file", "data/t.csv"))}]
        assert found.fields["skills"] == [
            {**SKILL, "skill_id": reference(Address("skill", "notes")), "version": None},
            {**SKILL, "skill_id": "skill_1", "version": "2"},
        ]

    def test_null_is_the_default_of_the_api(self, desired):
        assert {name: desired(**{name: None}).fields[name] for name in DEFAULTS} == DEFAULTS

    def test_of_inline_content_the_api_returns_the_size(self, desired):
        found = desired(files=[PROMPT], plugins=[PLUGIN])
        assert found.fields["files"] == [{"type": "inline", "path": "/workspace/a", "size_bytes": 7}]
        assert found.fields["plugins"] == [{"type": "inline", "name": "crm", "description": "The CRM."}]
        assert found.write_only.keys() == {"file_contents./workspace/a", "plugin_sources.crm"}

    def test_text_and_base64_of_it_have_one_digest(self, desired):
        data = base64.b64encode("Grüße".encode()).decode()
        inline = {"type": "inline", "path": "/workspace/a", "data": data}
        assert desired(files=[PROMPT]).write_only == desired(files=[inline]).write_only

    def test_secret_is_the_name_of_its_variable_everywhere(self, desired):
        found = desired(env={"MODE": "prod", "CRM_TOKEN": TOKEN}, generation=2)
        assert found.secrets == {("env", "CRM_TOKEN"): "CRM_TOKEN"}
        assert found.unreadable["env"] == {"MODE": "prod"}
        assert found.write_only["env.CRM_TOKEN"] == "$env:CRM_TOKEN"
        assert found.write_only["generation"] == "2"

    def test_variables_that_the_manifest_empties_are_managed(self, desired):
        assert desired(env={}).write_only.keys() == desired(env=None).write_only.keys() == {"empty_env"}

    def test_archive_of_the_project_is_a_part(self, desired, folder):
        archive = folder.add("plugins/crm.zip")
        found = desired(plugins=[{**PLUGIN, "source": "plugins/crm.zip"}])
        assert found.parts == (archive,)
        assert found.write_only == {"plugin_sources.crm": f"sha256:{archive.sha256}"}


class TestCanonical:
    def test_response_is_as_the_manifest(self, desired):
        network = {"access": "restricted", "allowed_domains": ["a.example"]}
        fields = {"network": network, "files": [PROMPT, TABLE], "skills": [SKILL], "packages": {"npm": ["x"]}}
        written = desired(**fields, desktop={"enabled": False}).fields
        returned = {
            "network": network,
            "files": [
                {**TABLE, "file_id": reference(Address("file", "data/t.csv"))},
                {"type": "inline", "path": "/workspace/a", "size_bytes": 7},
            ],
            "skills": [{**SKILL, "skill_id": reference(Address("skill", "notes"))}],
            "packages": {"npm": ["x"], "python": [], "system": None},
            "desktop": None,
        }
        assert {name: TEMPLATE.canonical(name, value) for name, value in returned.items()} == {
            name: written[name] for name in returned
        }


class TestRefused:
    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"network": None}, "network"),
            ({"network": {"access": "enabled", "allowed_domains": ["a.example"]}}, "only with `access: restricted`"),
            (
                {"network": {"access": "restricted", "allowed_domains": ["a.b"], "blocked_domains": ["c.d"]}},
                "exclude each other",
            ),
            *(
                ({"network": {"access": "restricted", "allowed_domains": [host]}}, "without scheme")
                for host in (
                    "*.example",
                    "https://a.example",
                    "a.example:443",
                    "[::1]",
                    "::1",
                    "a.example/b",
                    "",
                    "ü.de",
                )
            ),
            ({"network": {"access": "restricted", "allowed_domains": ["A.b", "a.b"]}}, "listed twice"),
            ({"network": {"access": "restricted", "allowed_domains": [f"a{n}.b" for n in range(101)]}}, "at most 100"),
            *(
                ({"files": [{**TABLE, "path": path}]}, "is not inside /workspace")
                for path in (
                    "/etc/passwd",
                    "a.md",
                    "/workspace",
                    "/workspace/../a",
                    "/workspaces/a",
                    "/workspace/a/../b",
                )
            ),
            *(
                ({"files": [{**TABLE, "path": path}]}, "is not a valid absolute path")
                for path in ("/workspace/", "/workspace//a", "/workspace/./a", "/workspace/a\\b", "/workspace/a\n")
            ),
            ({"files": [{**TABLE, "path": "/workspace/.codex/a"}]}, "is reserved"),
            ({"files": [{**TABLE, "path": "/workspace/outputs"}]}, "is reserved"),
            ({"files": [{**TABLE, "path": "/workspace/" + "a" * 4096}]}, "at most 4096"),
            ({"files": [TABLE] * 51}, "at most 50"),
            ({"files": [{"type": "inline", "path": "/workspace/a"}]}, "either `text` or `data`"),
            ({"files": [{**PROMPT, "data": "eA=="}]}, "either `text` or `data`"),
            ({"files": [{"type": "inline", "path": "/workspace/a", "data": "?"}]}, "standard Base64"),
            ({"skills": [SKILL] * 201}, "at most 200"),
            ({"plugins": [PLUGIN] * 33}, "at most 32"),
            ({"setup_commands": [{"command": "true"}] * 17}, "at most 16"),
            ({"setup_commands": [{"command": "a" * 65_537}]}, "at most 65536"),
            ({"setup_commands": [{"command": "a", "cwd": "b"}]}, "is not a valid absolute path"),
            ({"env": {f"A{n}": "" for n in range(1025)}}, "at most 1024"),
            ({"env": {"": "a"}}, "at least 1"),
            ({"env": {"A=B": "a"}}, "match pattern"),
            ({"env": {"A": 1}}, "expected a string or"),
            ({"name": ""}, "at least 1"),
            ({"name": "a" * 257}, "at most 256"),
            ({"name": " "}, "match pattern"),
        ],
        ids=lambda value: str(value)[:60],
    )
    def test_values_that_the_api_refuses(self, fields, message):
        with pytest.raises(ValidationError, match=message):
            EnvironmentTemplateSpec.model_validate({"network": NETWORK, **fields})


class TestChecks:
    @pytest.mark.parametrize(
        ("fields", "code", "path"),
        [
            ({"files": [TABLE, {**PROMPT, "path": TABLE["path"]}]}, "duplicate-path", ("files", 0, "path")),
            ({"files": [{**TABLE, "path": "/workspace/a/b"}, PROMPT]}, "path-in-file", ("files", 0, "path")),
            ({"files": [{**TABLE, "file_id": "data/none"}]}, "missing-file", ("files", 0, "file_id")),
            ({"files": [{**PROMPT, "text": "a" * (5 * 2**20 + 1)}]}, "file-too-large", ("files", 0)),
            ({"plugins": [PLUGIN, PLUGIN]}, "duplicate-name", ("plugins", 1, "name")),
            ({"plugins": [{**PLUGIN, "source": "none.zip"}]}, "missing-file", ("plugins", 0, "source")),
            ({"skills": [SKILL, {**SKILL, "skill_id": "skill/notes"}]}, "duplicate-name", ("skills", 1, "skill_id")),
            ({"generation": 1}, "no-secrets", ("generation",)),
        ],
        ids=lambda value: str(value)[:60],
    )
    def test_rules_over_several_values_have_a_place(self, findings, fields, code, path):
        found = findings(**fields)[0]
        assert (found.code, found.path) == (code, ("spec", *path))

    def test_inline_files_have_a_limit_together(self, findings):
        files = [{**PROMPT, "path": f"/workspace/{n}", "text": "a" * (4 * 2**20)} for n in range(3)]
        assert [one.code for one in findings(files=files)] == ["files-too-large"]

    def test_upload_has_a_limit(self, findings, folder):
        folder.add("data/t.csv", size=50 * 2**20 + 1)
        folder.add("data/u.csv", size=50 * 2**20 + 1)
        (found,) = findings(files=[{**TABLE, "file_id": "data/u.csv"}])
        assert (found.code, found.path) == ("file-too-large", ("spec", "files", 0, "file_id"))

    def test_file_of_another_owner_is_not_looked_for(self, findings):
        assert findings(files=[{**TABLE, "file_id": "file-abc"}]) == []

    @pytest.mark.parametrize(
        "env",
        [
            {"CRM_TOKEN": "a"},
            {"apiKey": "a"},
            {"DB_PASSWORD": "a"},
            {"DATABASE_URL": "postgres://user:word@db.example/a"},
            {"ANY": "sk-proj-abcdefghijklmnopqrst"},
            {"ANY": "-----BEGIN RSA PRIVATE KEY-----"},
            {"ANY": "Bearer abcdefghijklmnopqrstuvwxyz"},
        ],
        ids=str,
    )
    def test_secret_as_text_is_refused_without_its_value(self, findings, env):
        ((name, value),) = env.items()
        (found,) = findings(env=env)
        assert (found.code, found.path) == ("secret-as-text", ("spec", "env", name))
        assert "$env" in found.hint
        assert len(value) == 1 or value not in found.message + found.hint

    @pytest.mark.parametrize("env", [{"CRM_TOKEN": ""}, {"MODE": "prod"}, {"URL": "https://a.example/b"}], ids=str)
    def test_other_text_is_accepted(self, findings, env):
        assert findings(env=env) == []

    def test_secrets_in_commands_and_files_are_refused(self, findings):
        key = "ghp_abcdefghijklmnopqrstuv"
        found = findings(setup_commands=[{"command": f"login {key}"}], files=[{**PROMPT, "text": f"key: {key}"}])
        assert [one.code for one in found] == ["secret-as-text"] * 2
        assert not any(key in str(one) for one in found)

    @pytest.mark.parametrize("package", ["git+https://ghp_abcdefghijklmnopqrstuv@github.com/a/b", "-i https://a:b@c.d"])
    def test_secrets_in_packages_and_names_are_refused(self, findings, package):
        found = findings(packages={"python": ["pandas==2.2", package]})
        assert [(one.code, one.path) for one in found] == [("secret-as-text", ("spec", "packages", "python", 1))]
        assert package not in str(found)


def live(**fields: Any) -> Live:
    returned = {"name": "desk", "network": NETWORK, **DEFAULTS, **fields}
    return Live(TEMPLATE.type, "envtmpl_1", {name: TEMPLATE.canonical(name, one) for name, one in returned.items()})


class TestToManifest:
    def draft(self, **fields: Any):
        return KIND.to_manifest[TEMPLATE.type](live(**fields), "desk", lambda id_: f"name of {id_}")

    def test_defaults_are_left_out(self):
        assert self.draft().spec == {"network": {"access": "disabled"}}

    def test_ids_have_their_names_as_notes(self):
        draft = self.draft(files=[{**TABLE, "file_id": "file-1"}], skills=[{**SKILL, "skill_id": "skill_1"}])
        assert draft.notes == {
            ("files", "0", "file_id"): "name of file-1",
            ("skills", "0", "skill_id"): "name of skill_1",
        }
        assert EnvironmentTemplateSpec.model_validate(draft.spec)

    def test_lists_with_unreadable_content_are_left_out_and_named(self):
        draft = self.draft(files=[PROMPT, {**TABLE, "file_id": "file-1"}], plugins=[PLUGIN])
        assert draft.spec == {"network": {"access": "disabled"}}
        assert any("/workspace/a" in loss for loss in draft.losses)
        assert any("crm" in loss for loss in draft.losses)
