"""The settings of a project that the guard reads, as project.yaml has them and as the state records them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.resources.prices import FREE_GB, PER_GB_AND_DAY, storage_per_day
from reconciler.resources.values import JSON, Keys


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """The settings by which the guard refuses plans of one environment. None stands for the default."""

    openai_project: str | None = None
    """The OpenAI project that API keys must belong to."""
    max_deletes: int | None = None
    max_archives: int | None = None
    max_daily_cost: float | None = None
    """US dollars; None for no limit."""
    strict: bool = False
    """True if unpublished releases block deletes, too, instead of being archived with the objects that they use."""
    vector_storage: float | None = None
    """The price that `max_daily_cost` is compared with, in US dollars per GB and day; None without a limit."""
    free_gb: float | None = None
    """The free storage that `max_daily_cost` is compared with; None without a limit."""
    peers: Mapping[str, str | None] = field(default_factory=dict)
    """Identities whose states are read before a delete, each with the URL of its state; None for the backend of this
    project.
    """

    @property
    def values(self) -> dict[Keys, JSON]:
        """The values that are set, by their keys in `spec` of project.yaml; a peer has its identity as the last key."""
        found: dict[Keys, JSON] = {
            ("openai_project",): self.openai_project,
            ("safety", "max_deletes"): self.max_deletes,
            ("safety", "max_archives"): self.max_archives,
            ("safety", "max_daily_cost"): self.max_daily_cost,
            ("safety", "archive"): "strict" if self.strict else None,
            ("prices", "vector_storage"): self.vector_storage,
            ("prices", "free_gb"): self.free_gb,
        }
        peers = {("peers", one): {"state": url} if url else {} for one, url in self.peers.items()}
        return {keys: value for keys, value in found.items() if value is not None} | peers

    def per_day(self, stored: int) -> float:
        """Return the price per day of a number of bytes of vector storage, in US dollars."""
        price = PER_GB_AND_DAY if self.vector_storage is None else self.vector_storage
        return storage_per_day(stored, price, FREE_GB if self.free_gb is None else self.free_gb)
