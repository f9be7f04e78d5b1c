"""Which store to open, as a URL: what `RECONCILER_STATE` says, or `project.yaml` put into the same words."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from reconciler.resources.problems import Problem, ReconcilerError


@dataclass(frozen=True, slots=True)
class Opening:
    """What a backend is opened from."""

    url: str
    """Its name, alone or as the scheme of a URL: `local`, `s3://bucket/prefix?region=eu-central-1`."""
    project: Path
    """The project folder."""
    environ: Mapping[str, str]
    embedded: bool = False
    """Whether the endpoint is the emulator of this process, of which the data is in the project folder."""

    @property
    def backend(self) -> str:
        return self.url.partition(":")[0]

    def options(self, *known: str) -> dict[str, str]:
        """The query of the URL; ReconcilerError for what is not among `known`, or stands there twice."""
        pairs = parse_qsl(urlsplit(self.url).query, keep_blank_values=True)
        options = dict(pairs)
        if len(options) == len(pairs) and options.keys() <= set(known):
            return options
        wrong = next(name for index, (name, _) in enumerate(pairs) if name not in known or name in dict(pairs[:index]))
        message = f"the state backend {self.backend!r} has no option {wrong!r}"
        if wrong in known:
            message = f"the state backend {self.backend!r} is given {wrong!r} twice"
        raise bad_state(message, f"There is: {', '.join(sorted(known))}.")


def bad_state(message: str, hint: str) -> ReconcilerError:
    """The error for a URL that names no store."""
    return ReconcilerError(Problem("bad-state", message, hint=hint))
