"""What the environment may say."""

import pytest

from store.orders.config import OrdersConfig
from store.orders.testing.shop import ENCRYPTION_SECRET
from store.server.environ import BadEnviron, Environ

GOOD = {
    "DATABASE_URL": "postgresql://orders@localhost/orders",
    "INVENTORY_ADDRESS": "inventory:7000",
    "INVENTORY_RPC_KEY": "key-of-the-tests",
    "PAYMENT_API_KEY": "sk_test_1",
    "KEY_ENCRYPTION_SECRET": f"{ENCRYPTION_SECRET}, {ENCRYPTION_SECRET} older",
}


def read(**changes: str) -> OrdersConfig:
    env = Environ({**GOOD, **changes})
    config = OrdersConfig.from_environ(env)
    env.check()
    return config


def test_webhooks_stay_out_of_this_network_unless_said_otherwise() -> None:
    assert read().private_webhooks is False
    assert read(WEBHOOK_PRIVATE_ADDRESSES="true").private_webhooks is True


def test_the_secrets_are_a_list_and_not_in_the_repr() -> None:
    config = read()
    assert config.encryption_secrets == (ENCRYPTION_SECRET, f"{ENCRYPTION_SECRET} older")
    for secret in (ENCRYPTION_SECRET, "key-of-the-tests", "sk_test_1"):
        assert secret not in repr(config)


@pytest.mark.parametrize(
    ("name", "value"),
    [("KEY_ENCRYPTION_SECRET", "too short"), ("WEBHOOK_PRIVATE_ADDRESSES", "perhaps")],
)
def test_a_wrong_variable_is_named_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(BadEnviron, match=name) as refused:
        read(**{name: value})
    assert value not in str(refused.value)
