"""Any form is read or refused; nothing else happens."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.gateway.api import list_schemas, schemas
from store.gateway.api.parameters import Parameters, tree_of
from store.gateway.errors import GatewayError, InvalidRequest

NAMES = st.sampled_from(
    [
        "amount",
        "currency",
        "confirm",
        "metadata",
        "metadata[a]",
        "metadata[]",
        "metadata[a][b]",
        "expand[0]",
        "expand",
        "shipping",
        "shipping[name]",
        "shipping[address][line1]",
        "payment_method",
        "return_url",
        "off_session",
        "limit",
        "created",
        "created[gte]",
        "automatic_payment_methods[enabled]",
        "allowed_payment_method_types[0]",
        "kind",
        "times",
        "seconds",
        "reason",
        "charge",
        "starting_after",
        "a[",
        "]b",
        "[c]",
    ]
)
VALUES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["900", "eur", "true", "pm_card_visa", "card", "http://[", "1e9", "delay", "-1"]
    ),
)
READERS = [
    schemas.read_new_intent,
    schemas.read_confirmation,
    schemas.read_change,
    schemas.read_capture,
    schemas.read_cancellation,
    schemas.read_new_refund,
    schemas.read_outcome,
    schemas.read_fault,
    list_schemas.read_list,
    list_schemas.read_refund_list,
    list_schemas.read_event_list,
    list_schemas.read_expansion,
]


@given(pairs=st.lists(st.tuples(st.one_of(NAMES, st.text(max_size=8)), VALUES), max_size=8))
def test_nonsense_is_refused_in_stripes_words(pairs: list[tuple[str, str]]) -> None:
    refusals = [refusal for read in READERS if (refusal := refusal_of(read, pairs))]
    assert all(400 <= refusal.status < 500 for refusal in refusals)
    assert all(refusal.error["message"] for refusal in refusals)


def refusal_of(
    read: Callable[[Parameters], object], pairs: list[tuple[str, str]]
) -> GatewayError | None:
    try:
        parameters = Parameters(tree_of(pairs))
        read(parameters)
        parameters.refuse_the_rest()
    except GatewayError as error:
        return error
    return None


def test_nested_names_become_a_tree() -> None:
    pairs = [("a", "1"), ("b[c]", "2"), ("b[d][e]", "3"), ("f[]", "4"), ("f[]", "5"), ("f[2]", "6")]
    assert tree_of(pairs) == {
        "a": "1",
        "b": {"c": "2", "d": {"e": "3"}},
        "f": {"0": "4", "1": "5", "2": "6"},
    }


@pytest.mark.parametrize("name", ["a[b", "a]b", "[a]", "", "a[b]c"])
def test_a_crooked_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        tree_of([(name, "1")])
