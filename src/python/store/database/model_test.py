from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import peewee
import pytest

from store.database.database import Database
from store.database.model import At, Id, Json, Table


class Thing(Table):
    id = Id()
    name = peewee.TextField()
    facts = Json(null=True)
    made = At(null=True)

    class Meta:
        table_name = "things"


@pytest.fixture
def things(database: Database) -> Iterator[type[Thing]]:
    Thing.bind(database)
    with database.transaction():
        yield Thing


def test_a_row_comes_back_as_it_went_in(things: type[Thing]) -> None:
    facts = {"text": "ä'\"\\", "list": [1, 2.5, None, True], "deep": {"a": {}}}
    moment = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=2)))
    made = things.create(name="mug", facts=facts, made=moment)
    found = things.get_by_id(made.id)
    assert (found.id, found.facts, found.made) == (made.id, facts, moment)
    assert found.made.utcoffset() == timedelta(0)
    assert things.select().where(things.made == moment.astimezone(UTC)).count() == 1


def test_ids_sort_by_the_time_they_were_made(things: type[Thing]) -> None:
    made = [things.create(name=f"mug {number}").id for number in range(20)]
    assert [thing.id for thing in things.select().order_by(things.id)] == made
    assert {one.version for one in made} == {7}


def test_a_moment_without_a_zone_is_refused(things: type[Thing]) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        things.create(name="mug", made=datetime(2026, 1, 1))
