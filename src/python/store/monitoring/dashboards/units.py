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
}
