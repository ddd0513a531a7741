"""Who acts: a signed-in person with the groups they belong to, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Actor:
    """A person with their candidate groups.

    ``groups`` are ``"<department code>/<role>"`` keys; ``user_id`` is None for the system.
    """

    user_id: str | None
    name: str
    department: str = ""
    groups: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def system(cls) -> Actor:
        """The actor of timers, jobs and commands run by the system."""
        return cls(user_id=None, name="系统")

    @classmethod
    def command_line(cls) -> Actor:
        """Whoever runs the console command on the server; the history tells it from the system's own acts."""
        return cls(user_id=None, name="系统（命令行）")

    @property
    def is_system(self) -> bool:
        return self.user_id is None

    @property
    def roles(self) -> frozenset[str]:
        """Role names held in any department."""
        return frozenset(group.split("/", 1)[1] for group in self.groups)

    @property
    def departments(self) -> frozenset[str]:
        """Department codes in which the actor holds a role, and the actor's own."""
        own = {self.department} if self.department else set()
        # An administrator may belong to no department: that is not a department of its own.
        return frozenset(own | {group.split("/", 1)[0] for group in self.groups} - {""})

    def has_role(self, role: str, department: str | None = None) -> bool:
        """True when the actor holds ``role``, in ``department`` when one is named."""
        if department is None:
            return role in self.roles
        return f"{department}/{role}" in self.groups
