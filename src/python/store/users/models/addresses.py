"""The address book of a person."""

from dataclasses import asdict, dataclass
from uuid import UUID

from peewee import TextField, UUIDField

from store.server.clock import now
from store.server.ids import new_id
from store.users.errors import UnknownAddress
from store.users.models.tables import VersionedTable, database


@dataclass(frozen=True)
class PostalAddress:
    """Where parcels go."""

    name: str
    line1: str
    line2: str | None
    city: str
    postal_code: str
    country: str


class Address(VersionedTable):
    """One entry of an address book."""

    user_id = UUIDField()
    name = TextField()
    line1 = TextField()
    line2 = TextField(null=True)
    city = TextField()
    postal_code = TextField()
    country = TextField()

    class Meta:
        table_name = "addresses"

    @classmethod
    def add(cls, user_id: UUID, wanted: PostalAddress) -> "Address":
        moment = now()
        return cls.create(
            id=new_id(), user_id=user_id, created_at=moment, updated_at=moment, **asdict(wanted)
        )

    @classmethod
    def of(cls, user_id: UUID, address_id: UUID) -> "Address":
        """This person's address; UnknownAddress if it is somebody else's or nobody's."""
        address = cls.get_or_none((cls.id == address_id) & (cls.user_id == user_id))
        if address is None:
            raise UnknownAddress
        return address

    @classmethod
    def forget_all(cls, user_id: UUID) -> None:
        database.run("DELETE FROM addresses WHERE user_id = %s", (user_id,))

    @classmethod
    def count_of(cls, user_id: UUID) -> int:
        return int(cls.select().where(cls.user_id == user_id).count())

    @classmethod
    def listed(cls, user_id: UUID, after: UUID | None, limit: int) -> list["Address"]:
        """This person's addresses, oldest first."""
        found = cls.select().where(cls.user_id == user_id).order_by(cls.id).limit(limit)
        return list(found.where(cls.id > after) if after else found)
