"""The workflows for GitHub Actions."""

import json
import shlex
from collections.abc import Iterator
from typing import Final

from reconciler.project.endpoint import is_embedded
from reconciler.project.secrets import ALLOWED
from reconciler.workflows.model import Setup, check_environments, pattern
from reconciler.workflows.source import Source
from reconciler.workflows.templates import filled

FOLDER: Final = ".github/workflows"
REQUIREMENTS: Final = ".github/{prefix}-requirements.txt"
WORKFLOWS: Final = ("plan", "apply", "drift", "rollback")
_ACTIONS: Final = {
    "CHECKOUT": "actions/checkout@93cb6efe18208431cddfb8368fd83d5badbf9bfd # v5.0.1",
    "PYTHON": "actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0",
    "RESTORE": "actions/cache/restore@cdf6c1fa76f9f475f3d7449005a359c84ca0f306 # v5.0.3",
    "SAVE": "actions/cache/save@cdf6c1fa76f9f475f3d7449005a359c84ca0f306 # v5.0.3",
    "UPLOAD": "actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0",
    "DOWNLOAD": "actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131 # v7.0.0",
    "PAGES": "actions/deploy-pages@cd2ce8fcbc39b97be8ca5fce6e763baed58fa128 # v5.0.0",
}
"""Actions at fixed commits, which run on Node.js 24."""
_IF_CHANGED: Final = "if: steps.changed.outputs.project == 'true'"
_ENV: Final = """
RECONCILER_ENDPOINT: {endpoint}
RECONCILER_STATE: {state}
RECONCILER_OUTLETS: {outlets}
RECONCILER_PEER_STATES: {peers}
GIT_CONFIG_COUNT: 1
GIT_CONFIG_KEY_0: credential.${{{{ github.server_url }}}}.helper
GIT_CONFIG_VALUE_0: '!f() {{ echo username=x-access-token; echo "password=$GITHUB_TOKEN"; }}; f'
"""
_CHECKOUT: Final = """
- uses: @CHECKOUT@
  with:
    fetch-depth: 0 # releases may need earlier versions of files
    persist-credentials: false
"""
_CHANGED: Final = """
- name: Compare the project with the base branch
  id: changed
  env:
    BASE: ${{ github.event.pull_request.base.sha || github.event.merge_group.base_sha }}
    PROJECT: ${{ matrix.project }}
  run: |
    # In place of `paths`: a required check of a workflow that does not run would block the pull request.
    changed=true
    git diff --quiet "$BASE...HEAD" -- "$PROJECT" @PATHS@ && changed=false
    echo "project=$changed" >>"$GITHUB_OUTPUT"
    [ "$changed" = true ] || echo "The project in $PROJECT is not changed: there is no plan." >>"$GITHUB_STEP_SUMMARY"
"""
_ACTION: Final = """
- uses: {uses}
"""
_REQUIREMENTS: Final = """
- uses: @PYTHON@
  #: if
  with:
    python-version: "3.13"
- name: Install
  #: if
  run: >- # without access to tokens of the job
    env -u ACTIONS_ID_TOKEN_REQUEST_TOKEN -u ACTIONS_ID_TOKEN_REQUEST_URL python -I -m pip install --quiet
    --require-hashes --only-binary :all: --requirement {file}
"""
_RESTORE: Final = """
- name: Restore the embedded API and its state
  #: if
  uses: @RESTORE@
  with:
    path: {project}/.reconciler
    key: reconciler/{project}/{env}/${{{{ github.run_id }}}}/${{{{ github.run_attempt }}}}
    restore-keys: reconciler/{project}/{env}/
"""
_SAVE: Final = """
- name: Save the embedded API and its state
  if: ${{{{ !cancelled() }}}}
  uses: @SAVE@
  with:
    path: {project}/.reconciler
    key: reconciler/{project}/{env}/${{{{ github.run_id }}}}/${{{{ github.run_attempt }}}}
"""
_LOGIN: Final = """
- name: Request a token for AWS
  id: aws
  if: {condition}
  run: |
    # Pull requests from forks and of Dependabot cannot request one.
    [ -n "$ACTIONS_ID_TOKEN_REQUEST_URL" ] || exit 0
    curl --fail --silent --show-error --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
      "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" | jq --raw-output .value >"$RUNNER_TEMP/aws-token"
    echo "token=$RUNNER_TEMP/aws-token" >>"$GITHUB_OUTPUT"
"""
_KEYS: Final = """
AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}
AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
"""
_ROLE: Final = """
AWS_ROLE_ARN: ${{ vars.AWS_ROLE_ARN }}
AWS_WEB_IDENTITY_TOKEN_FILE: ${{ steps.aws.outputs.token }}
"""
_REGION: Final = "AWS_REGION: ${{ vars.AWS_REGION }}\n"
_DSN: Final = "RECONCILER_POSTGRES_DSN: ${{ secrets.RECONCILER_POSTGRES_DSN }}\n"
_VALIDATE_ONLY: Final = """
if [ "$FORK" = true ] || [ -z "{credentials}" ]; then
  reconciler validate -C "$PROJECT"
  reason="reading the state in {backend} requires secrets, which this run cannot access."
  echo "The manifests are valid. There is no plan: $reason" |
    tee -a "$GITHUB_STEP_SUMMARY"
  exit 0
fi
"""
_ENV_INPUT: Final = """
env:
  description: Environment of the project.
  type: choice
  options: {options}
  default: {default}
"""


def workflows(setup: Setup, source: Source, *, stem: str | None = None) -> dict[str, str]:
    """Return the texts of the files by their paths in the repository. `stem` begins the names of the workflows.

    Raises ReconcilerError if two environments of GitHub would have one name.
    """
    check_environments(setup)
    file = f"{setup.prefix}-" if stem is None else stem
    blocks, values = _blocks(setup, source), _values(setup, file)
    found = {
        f"{FOLDER}/{file}{name}.yml": filled(
            f"github/{name}.yml", {**blocks, "paths": _paths(setup, file, name)}, values
        )
        for name in WORKFLOWS
    }
    if source.requirement:
        found[REQUIREMENTS.format(prefix=setup.prefix)] = source.requirements(setup.extras)
    return found


def environments(setup: Setup) -> Iterator[tuple[str, str, str]]:
    """Yield the environments that a maintainer creates: name, secrets and protection."""
    further, writing = setup.secrets, setup.writing_secrets
    only = f"only the branch {setup.branch}"
    for entry in setup.entries:
        name = setup.environment(entry)
        last = entry == setup.entries[-1]
        yield f"{name}-read", ", ".join(("OPENAI_READ_KEY", *further)), "no restriction"
        yield (
            name,
            ", ".join(("OPENAI_API_KEY", "OPENAI_READ_KEY", *further, *writing)),
            f"{only}; required reviewers" if entry and last else only,
        )
        yield f"{name}-approval", ", ".join(("OPENAI_API_KEY", *further, *writing)), f"{only}; required reviewers"


def _values(setup: Setup, file: str) -> dict[str, str]:
    matrix = json.dumps([{"project": setup.project, "env": name} for name in setup.entries])
    several = bool(setup.environments)
    given = '[ "$FORK" = true ]'
    return {
        **_ACTIONS,
        "FILE": file,
        "PREFIX": setup.prefix,
        "BRANCH": json.dumps(pattern(setup.branch)),
        "REF": "'refs/heads/{}'".format(setup.branch.replace("'", "''")),
        "QUOTED_PROJECT": json.dumps(setup.project),
        "GROUP_INPUT": json.dumps(f"{setup.prefix}-{setup.project}-{'${{ inputs.env }}' if several else ''}"),
        "PATHS": " ".join(map(shlex.quote, (f"{FOLDER}/{file}*", f".github/{file}*"))),
        "MATRIX": matrix,
        "ENVIRONMENT": f"{setup.prefix}-${{{{ matrix.env }}}}" if several else setup.prefix,
        "ENVIRONMENT_INPUT": f"{setup.prefix}-${{{{ inputs.env }}}}" if several else setup.prefix,
        "ENV_INPUT": "${{ inputs.env }}" if several else '""',
        "STATE_ACCESS": "write # write the state branch" if setup.state_in_git else "read",
        "WITHOUT_KEY": given if is_embedded(setup.endpoint) else f'{given} || [ -z "$OPENAI_API_KEY" ]',
    }


def _blocks(setup: Setup, source: Source) -> dict[str, str]:
    monorepo = setup.project != "."
    condition = _IF_CHANGED if monorepo else ""
    quoted = {"endpoint": setup.endpoint, "state": setup.state, "outlets": setup.outlets, "peers": setup.peer_states}
    env = _ENV.format(**{name: json.dumps(value) for name, value in quoted.items()})
    if not setup.peer_states:
        env = env.replace('RECONCILER_PEER_STATES: ""\n', "")
    return {
        "origin": f"# Written by `reconciler init --ci github`. Project: {setup.project}",
        "env": env,
        "oidc": "id-token: write # log in to AWS" if setup.on_aws else "",
        "checkout": _CHECKOUT,
        "changed": _CHANGED if monorepo else "",
        "if-changed": condition,
        **_installs(setup, source, condition),
        **_embedded(setup, condition),
        "login": _login(setup, ""),
        "login-if-changed": _login(setup, condition),
        "credentials": _credentials(setup),
        "manifest-secrets": _manifest_secrets(setup),
        "validate-only": _validate_only(setup),
        "env-input": _env_input(setup),
    }


def _paths(setup: Setup, file: str, name: str) -> str:
    """Return the filter of a push; none for a project that is the whole repository."""
    paths = [f"{pattern(setup.project)}/**", f"{FOLDER}/{file}{name}.yml"]
    return f"paths: {json.dumps(paths)}" if setup.project != "." else ""


def _installs(setup: Setup, source: Source, condition: str) -> dict[str, str]:
    extras = " ".join(sorted(setup.extras))
    if source.uses:
        plain = _ACTION.format(uses=source.uses)
        given = f"  with:\n    extras: {extras}\n" if extras else ""
        guarded = f"  {condition}\n" if condition else ""
        return {
            "install": plain + given,
            "install-if-changed": plain + guarded + given,
            "install-without-extras": plain,
        }
    step = _REQUIREMENTS.format(file=REQUIREMENTS.format(prefix=setup.prefix))
    plain = step.replace("  #: if\n", "")
    guarded = step.replace("#: if\n", f"{condition}\n") if condition else plain
    return {"install": plain, "install-if-changed": guarded, "install-without-extras": plain}


def _embedded(setup: Setup, condition: str) -> dict[str, str]:
    """Return the steps that keep the embedded API, which has no server, between runs."""
    names = ("restore", "restore-if-changed", "restore-input", "save", "save-input")
    if not is_embedded(setup.endpoint):
        return dict.fromkeys(names, "")
    of_matrix = {"project": "${{ matrix.project }}", "env": "${{ matrix.env }}"}
    of_input = {"project": setup.project, "env": "${{ inputs.env }}" if setup.environments else ""}
    plain, guarded = _RESTORE.replace("  #: if\n", ""), _RESTORE.replace("#: if", condition)
    return {
        "restore": plain.format(**of_matrix),
        "restore-if-changed": (guarded if condition else plain).format(**of_matrix),
        "restore-input": plain.format(**of_input),
        "save": _SAVE.format(**of_matrix),
        "save-input": _SAVE.format(**of_input),
    }


def _login(setup: Setup, condition: str) -> str:
    asked = "vars.AWS_ROLE_ARN"
    whole = f"{asked} && {condition.removeprefix('if: ')}" if condition else asked
    return _LOGIN.format(condition=whole) if setup.on_aws else ""


def _credentials(setup: Setup) -> str:
    found = ""
    if "s3" in setup.extras:
        found += _KEYS + (_ROLE if setup.on_aws else "") + ("" if setup.regional else _REGION)
    return (found + (_DSN if "postgres" in setup.extras else "")).replace("\n\n", "\n")


def _manifest_secrets(setup: Setup) -> str:
    """Return the variables of the secrets of manifests, for steps that apply.

    The data of the embedded API are in a cache that pull requests can read: it gets placeholders.
    """
    if not setup.manifest_secrets:
        return ""
    names = json.dumps(",".join(setup.manifest_secrets))
    value = "placeholder" if is_embedded(setup.endpoint) else "${{{{ secrets.{name} }}}}"
    values = "".join(f"{name}: {value.format(name=name)}\n" for name in setup.manifest_secrets)
    return f"{ALLOWED}: {names}\n{values}"


def _validate_only(setup: Setup) -> str:
    backend = setup.state.partition(":")[0]
    aws = "$AWS_ACCESS_KEY_ID" + ("$AWS_WEB_IDENTITY_TOKEN_FILE" if setup.on_aws else "")
    credentials = {"s3": aws, "postgres": "$RECONCILER_POSTGRES_DSN"}.get(backend)
    return _VALIDATE_ONLY.format(credentials=credentials, backend=backend) if credentials else ""


def _env_input(setup: Setup) -> str:
    """Return the choice of an environment. By convention the last one is that of users."""
    names = setup.environments
    return _ENV_INPUT.format(options=json.dumps(names), default=names[-1]) if names else ""
