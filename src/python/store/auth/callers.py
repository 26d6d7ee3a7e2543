"""Who is calling."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What somebody may do; each role may do all that the one before it may."""

    CUSTOMER = "customer"
    STAFF = "staff"
    ADMIN = "admin"

    def covers(self, other: "Role") -> bool:
        """Whether this role may do what `other` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True)
class Caller:
    """A logged-in person; `session_id` is the log-in (the family of refresh tokens) it came with."""

    id: UUID
    role: Role
    session_id: UUID | None = None

    @property
    def is_staff(self) -> bool:
        return self.role.covers(Role.STAFF)

    @property
    def is_admin(self) -> bool:
        return self.role.covers(Role.ADMIN)
