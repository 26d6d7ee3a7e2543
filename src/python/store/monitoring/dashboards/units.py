"""The units that numbers are shown in, and with how many decimals."""

from grafana_foundation_sdk.models import units

REQUESTS = units.RequestsPerSecond
STEPS = units.OpsPerSecond
SECONDS = units.Seconds
SHARE = units.PercentUnit
BYTES = units.BytesIEC
COUNT = units.Short
FACTOR = "suffix:x"
CORES = "suffix: cores"
PER_MINUTE = "suffix: /min"
MONEY_PER_MINUTE = "suffix: minor units/min"
"""In minor units (cents) of each currency, since that is how money is counted everywhere here."""

DECIMALS = {
    REQUESTS: 2,
    STEPS: 2,
    SECONDS: 1,
    SHARE: 2,
    BYTES: 1,
    COUNT: 0,
    FACTOR: 2,
    CORES: 2,
    PER_MINUTE: 1,
    MONEY_PER_MINUTE: 0,
}
