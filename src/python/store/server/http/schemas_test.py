from typing import Any

import marshmallow
import pytest
from marshmallow import ValidationError, fields, validate

from store.server.http.schemas import (
    Currency,
    MoneySchema,
    PageArgs,
    QueryWhole,
    Schema,
    Text,
    Whole,
    page_schema,
)
from store.server.money import MAX_AMOUNT


def load(field: fields.Field[Any], value: object) -> Any:
    return Schema.from_dict({"it": field})().load({"it": value})["it"]


def refusal(field: fields.Field[Any], value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        load(field, value)
    messages = caught.value.messages
    assert isinstance(messages, dict)
    (reason,) = messages["it"]
    return str(reason)


def test_text_is_stripped_and_counted_in_characters() -> None:
    assert load(Text(max=4), "  Käse ") == "Käse"
    assert refusal(Text(max=4), "Käsee") == "Length must be between 1 and 4."
    assert refusal(Text(), "   ") == "Length must be between 1 and 1000."
    assert load(Text(min=0), " ") == ""


@pytest.mark.parametrize("value", ["a\0b", "a\nb", "\x1b[31m", "a\x85b", "a\ud800b", "\0"])
def test_text_has_no_control_characters(value: str) -> None:
    assert refusal(Text(), value) == "Must not contain control characters."


def test_text_may_have_lines_where_that_is_wanted() -> None:
    assert load(Text(lines=True), "one\n\ttwo") == "one\n\ttwo"
    assert refusal(Text(lines=True), "a\0b") == "Must not contain control characters."
    assert refusal(Text(lines=True), "a\rb") == "Must not contain control characters."


@pytest.mark.parametrize("value", [3, True, ["a"], {"a": 1}, 1.5])
def test_text_is_nothing_else(value: object) -> None:
    assert refusal(Text(), value) == "Not a valid string."


def test_text_takes_further_rules() -> None:
    colour = Text(validators=(validate.OneOf(["red", "blue"]),))
    assert load(colour, "red") == "red"
    assert "one of" in refusal(colour, "green")


@pytest.mark.parametrize("value", ["5", True, False, 5.0, 5.5, None, [5], 1e300])
def test_a_whole_number_is_nothing_else(value: object) -> None:
    assert refusal(Whole(), value)


@pytest.mark.parametrize("value", [0, 11, -1, 2**62])
def test_a_whole_number_has_bounds(value: int) -> None:
    assert "10" in refusal(Whole(min=1, max=10), value)
    assert load(Whole(), value) == value


@pytest.mark.parametrize("value", [2**63, 2**64, -(2**70)])
def test_a_whole_number_fits_a_bigint(value: int) -> None:
    assert load(Whole(), 2**63 - 1) == 2**63 - 1
    assert refusal(Whole(), value) == refusal(Whole(max=2**80), value) == "Not a valid integer."
    assert refusal(QueryWhole(), str(value)) == "Not a valid integer."


@pytest.mark.parametrize("value", ["", "1.0", "0x1", "1_0", "٣", " 1", "+1", "1" * 5000])
def test_a_whole_number_in_a_query_is_digits(value: str) -> None:
    assert load(QueryWhole(), "-12") == -12
    assert refusal(QueryWhole(), value) == "Not a valid integer."


def test_money_is_minor_units_and_a_known_currency() -> None:
    good = {"amount": 1290, "currency": "EUR"}
    assert MoneySchema().load(good) == MoneySchema().dump(good) == good
    for bad in ({"amount": -1}, {"amount": MAX_AMOUNT + 1}, {"currency": "eur"}):
        with pytest.raises(ValidationError):
            MoneySchema().load(good | bad)
    assert refusal(Currency(), "XYZ") == "Must be an ISO 4217 currency code."


def test_unknown_members_are_refused() -> None:
    with pytest.raises(ValidationError, match="Unknown field"):
        MoneySchema().load({"amount": 1, "currency": "EUR", "note": "x"})


def test_page_arguments_have_defaults_and_bounds() -> None:
    assert PageArgs().load({}) == {"limit": 20, "cursor": None}
    assert PageArgs().load({"limit": "100"})["limit"] == 100
    for limit in ("0", "101", "ten"):
        with pytest.raises(ValidationError):
            PageArgs().load({"limit": limit})


def test_a_page_schema_is_made_once_and_named_after_its_items() -> None:
    class MugOut(Schema):
        name = Text()

    page = page_schema(MugOut)
    assert page is page_schema(MugOut)
    assert page.__name__ == "MugPage"
    assert issubclass(page, marshmallow.Schema)
    items = {"items": [{"name": "red"}], "next_cursor": None}
    assert page().dump(items) == items
