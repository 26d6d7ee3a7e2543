"""The program as ops meet it."""

import os
import subprocess
import sys

import pytest

from store.database.testing import FleetingServer
from store.gateway.config import GatewayConfig
from store.gateway.models.tables import MIGRATIONS
from store.server.environ import BadEnviron, Environ

GOOD = {"DATABASE_URL": "postgresql://x", "API_KEYS": "a, b", "PUBLIC_URL": "http://pay.example/"}


def gateway(command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    python_path = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(
        [sys.executable, "-m", "store.gateway.main", command],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": python_path, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_bare_start_says_in_one_line_what_is_missing() -> None:
    run = gateway("serve", WEBHOOK_URL="http://shop.example")
    missing = "missing: DATABASE_URL, API_KEYS, PUBLIC_URL, WEBHOOK_SECRET"
    assert (run.returncode, run.stderr) == (2, f"gateway serve: bad environment: {missing}\n")


def test_migrate_may_run_again(postgres: FleetingServer) -> None:
    with postgres.fresh(postgres.template("gateway", MIGRATIONS)) as config:
        run = gateway("migrate", DATABASE_URL=config.url)
    assert (run.returncode, run.stderr) == (0, "")


def test_settings_keep_their_secrets() -> None:
    config = GatewayConfig.from_environ(Environ(GOOD | {"WEBHOOK_SECRET": "whsec_x"}))
    assert (config.api_keys, config.public_url) == (("a", "b"), "http://pay.example")
    assert not any(secret in repr(config) for secret in ("'a'", "whsec_x", "postgresql"))


@pytest.mark.parametrize("name", ["PUBLIC_URL", "WEBHOOK_URL"])
def test_an_address_must_be_http(name: str) -> None:
    env = Environ(GOOD | {"WEBHOOK_SECRET": "x", name: "ftp://x"})
    GatewayConfig.from_environ(env)
    with pytest.raises(BadEnviron, match=f"{name} must start with http"):
        env.check()
