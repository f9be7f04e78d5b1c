"""Secrets in manifests: `{$env: NAME}`, only in fields that have a secret, and never as text."""

from pathlib import Path

import pytest

from reconciler.manifests import Loaded, load

HEAD = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: acme}
spec:
  environments: {test: {variables: {kind: test, token: hidden-text, key: ghp_abcdefghijklmnopqrstuvwx}}}
---
apiVersion: reconciler/v1
kind: Vault
metadata: {name: crm}
---
apiVersion: reconciler/v1
kind: Credential
metadata: {name: crm-token}
"""
KEY = "ghp_abcdefghijklmnopqrstuvwx"
VAULT = "---\napiVersion: reconciler/v1\nkind: Vault\nmetadata: {name: v}\n"
TEMPLATE = "---\napiVersion: reconciler/v1\nkind: EnvironmentTemplate\nmetadata: {name: t}\n"
AGENT = "---\napiVersion: reconciler/v1\nkind: Assistant\nmetadata: {name: a}\n"
TEXTS = [
    "hidden-text",
    "'hidden-text'",
    "{$file: token.txt}",
    "'${var.token}'",
    "12345678",
    "''",
    "null",
    "[hidden-text]",
]
NAMES = ["{$env: 1X}", "{$env: hidden-text}", "{$env: X, also: y}", "{$env: [X]}", "{$env: ''}", "{$env: null}"]
MISPLACED = [
    "hidden-text",
    "{type: hidden-text}",
    "{type: static_bearer, mcp_server_url: hidden-text, token: {$env: A}}",
    "[hidden-text]",
]
BEARER = "{type: static_bearer, mcp_server_url: 'https://mcp.example.com', token: @@}"


@pytest.fixture
def loaded(tmp_path: Path):
    def build(token: str, auth: str = BEARER, more: str = "") -> Loaded:
        (tmp_path / "token.txt").write_text("hidden-text")
        (tmp_path / "key.txt").write_text(f"keys/{KEY}")
        (tmp_path / "token.json").write_text('{"$env": "CRM_TOKEN"}')
        spec = f"spec:\n  vault: crm\n  auth: {auth.replace('@@', token)}\n"
        (tmp_path / "project.yaml").write_text(f"{HEAD}{spec}{more}")
        return load(tmp_path, env="test")

    return build


def codes(found: Loaded) -> list[str]:
    return [problem.code for problem in found.problems]


def names(found: Loaded) -> list[str]:
    spec = next(one.spec for one in found.resources if one.address.kind == "credential")
    return [spec.auth.token.name]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("{$env: CRM_TOKEN}", "CRM_TOKEN"),
        ("{$env: _x1}", "_x1"),
        ('{$env: "CRM_${var.kind}"}', "CRM_test"),
    ],
)
def test_name_of_a_variable_is_accepted(loaded, written, name):
    found = loaded(written)
    assert (codes(found), names(found)) == ([], [name])


@pytest.mark.parametrize("written", TEXTS)
def test_text_is_refused_without_repeating_it(loaded, written):
    (problem,) = loaded(written).problems
    assert (problem.code, problem.place.line, problem.place.column) == ("secret-as-text", 16, 81)
    assert "`{$env: NAME}`" in problem.hint
    assert "hidden" not in str(problem)
    assert "1234" not in str(problem)


@pytest.mark.parametrize("auth", MISPLACED)
def test_text_in_a_wrong_place_of_a_credential_is_not_repeated(loaded, auth):
    found = loaded("", auth)
    assert codes(found)
    assert "hidden" not in str(found.problems)


@pytest.mark.parametrize("written", NAMES)
def test_wrong_name_is_refused_without_repeating_it(loaded, written):
    (problem,) = loaded(written).problems
    assert (problem.code, problem.place.line, problem.place.column) == ("bad-secret", 16, 82)
    assert "hidden" not in str(problem)


@pytest.mark.parametrize("written", [f"{{$env: {KEY}}}", '{$env: "${var.key}"}'])
def test_secret_in_place_of_the_name_is_refused_without_repeating_it(loaded, written):
    (problem,) = loaded(written).problems
    assert (problem.code, problem.place.line, problem.place.column) == ("secret-as-text", 16, 82)
    assert KEY not in str(problem)


@pytest.mark.parametrize(
    ("more", "place"),
    [
        (f"  metadata: {{team: {KEY}}}\n", (17, 20)),
        ("  name: '${var.key}'\n", (17, 9)),
        (f"{VAULT}spec: {{name: {KEY}}}\n", (21, 14)),
        (f"{VAULT}spec: {{metadata: {{team: 'the key is {KEY}'}}}}\n", (21, 25)),
    ],
)
def test_secret_in_any_other_text_is_refused_without_repeating_it(loaded, more, place):
    (problem,) = loaded("{$env: CRM_TOKEN}", more=more).problems
    assert (problem.code, problem.place.line, problem.place.column) == ("secret-as-text", *place)
    assert KEY not in str(problem)


@pytest.mark.parametrize(
    "more",
    [
        f"{AGENT}spec: {{target: agents, model: m, service_tier: {KEY}}}\n",
        f"{AGENT}spec: {{target: agents, model: m, {KEY}: 1}}\n",
        f"{TEMPLATE}spec: {{network: {{access: disabled}}, capability_directories: ['${{var.key}}']}}\n",
        (
            f"{TEMPLATE}spec:\n  network: {{access: disabled}}\n"
            "  files: [{type: file_id, path: /workspace/a, file_id: {$file: key.txt}}]\n"
        ),
    ],
)
def test_key_in_any_wrong_value_is_not_repeated(loaded, more):
    (problem,) = loaded("{$env: CRM_TOKEN}", more=more).problems
    assert KEY not in str(problem)


def test_included_file_cannot_refer_to_a_secret(loaded):
    assert codes(loaded("{$file: token.json}")) == ["secret-not-allowed"]


@pytest.mark.parametrize(
    "more",
    [
        "  name: {$env: X}\n",
        "  metadata: {team: {$env: X}}\n",
        "lifecycle: {moved_from: {$env: X}}\n",
        "---\napiVersion: reconciler/v1\nkind: Vault\nmetadata: {name: v, labels: {a: {$env: X}}}\n",
        f"{AGENT}spec: {{target: agents, model: m, extra: {{deep: {{$env: X}}}}}}\n",
        f"{AGENT}spec: {{target: agents, model: {{$env: X}}}}\n",
    ],
)
def test_fields_without_a_secret_refuse_a_reference(loaded, more):
    (problem,) = loaded("{$env: CRM_TOKEN}", more=more).problems
    assert problem.code == "secret-not-allowed"


def test_field_beside_an_error_is_not_reported(loaded):
    assert codes(loaded("{$env: X}", "{type: static_baerer, token: @@}")) == ["unknown-type"]


class TestTwoCredentialsForOneServer:
    SECOND = """\
---
apiVersion: reconciler/v1
kind: Credential
metadata: {{name: second}}
spec: {{vault: {vault}, auth: {{type: static_bearer, mcp_server_url: 'https://MCP.example.com/', token: {{$env: B}}}}}}
---
apiVersion: reconciler/v1
kind: Assistant
metadata: {{name: triage}}
spec:
  target: agents
  model: gpt-6-luna
  tools:
    - {{type: mcp, server_label: crm, transport: {{type: http, server_url: 'https://mcp.example.com'}}{named}}}
"""

    def test_agent_must_say_which_one_it_uses(self, loaded):
        found = loaded("{$env: A}", more=self.SECOND.format(vault="crm", named=""))
        (problem,) = found.problems
        assert (problem.code, problem.place.line, problem.place.column) == ("ambiguous-credential", 30, 7)
        assert "crm-token, second" in problem.message
        assert "credential_id" in problem.hint

    def test_named_one_is_accepted(self, loaded):
        found = loaded("{$env: A}", more=self.SECOND.format(vault="crm", named=", credential_id: second"))
        assert codes(found) == []

    def test_in_two_vaults_they_are_accepted(self, loaded):
        found = loaded("{$env: A}", more=self.OTHER + self.SECOND.format(vault="other", named=""))
        assert codes(found) == []

    OTHER = "---\napiVersion: reconciler/v1\nkind: Vault\nmetadata: {name: other}\n"
    RUN = """\
---
apiVersion: reconciler/v1
kind: Automation
metadata: {{name: nightly}}
spec:
  run_at: 1900000000
  target: {{agent: {agent}, environment: {{type: none}}, input: Go., vault_ids: [{vaults}]}}
"""
    INLINE = (
        "{model: gpt-6-luna, tools: [{type: mcp, server_label: crm, "
        "transport: {type: http, server_url: 'HTTPS://mcp.example.com:443/'}}]}"
    )

    @pytest.mark.parametrize(
        ("agent", "vaults", "found"),
        [
            ("triage", "crm, other", [("ambiguous-credential", "assistant/triage")]),
            ("triage", "crm", []),
            (INLINE, "crm, vault/other", [("ambiguous-credential", "vaults crm, other")]),
            (INLINE, "other", []),
            (INLINE, "", []),
        ],
    )
    def test_automation_must_not_attach_vaults_with_one_each(self, loaded, agent, vaults, found):
        second = self.SECOND.format(vault="other", named="")
        problems = loaded("{$env: A}", more=self.OTHER + second + self.RUN.format(agent=agent, vaults=vaults)).problems
        assert [one.code for one in problems] == [code for code, _ in found]
        assert all(text in one.message for one, (_, text) in zip(problems, found, strict=True))

    @pytest.mark.parametrize(
        "url", ["https://mcp.example.com:8443", "https://mcp.example.com/CRM", "https://a.example"]
    )
    def test_other_servers_are_accepted(self, loaded, url):
        more = self.SECOND.format(vault="crm", named="").replace("https://MCP.example.com/", url)
        assert codes(loaded("{$env: A}", more=more)) == []
