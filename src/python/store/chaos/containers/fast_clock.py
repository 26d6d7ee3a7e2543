"""The Prometheus of a release as if time ran faster for it, so that what fires after minutes fires in a run."""

from copy import deepcopy

from store.chaos.containers.manifest import UnsupportedManifest
from store.charttest.objects import Json, Object, Objects
from store.monitoring.time_lapse import faster_file, shorter

PROMETHEUS = "prometheus"
LOOKBACK = "5m"
"""For how long Prometheus by itself goes on with the last sample of a series."""

# Alerts that compare an age: those are real seconds, however fast Prometheus looks.
AGES = {"OrdersStuck": 120, "WorkerStalled": 60, "WebhooksLagging": 600, "MailsLagging": 600}


def with_fast_prometheus(objects: Objects, factor: float) -> Objects:
    """The same release, whose Prometheus scrapes, evaluates and forgets `factor` times as fast.

    So do the limits of alerts that compare an age; pods start and leave as slowly as ever.
    UnsupportedManifest if there is no Prometheus in it.
    """
    found = objects.pods_of(PROMETHEUS)
    if len(found) != 1:
        raise UnsupportedManifest("the release", f"{len(found)} Prometheus")
    mounted = {volume["configMap"]["name"] for volume in found[0].volumes if "configMap" in volume}
    return Objects(
        _faster(each, factor)
        if each == found[0].owner or (each.kind == "ConfigMap" and each.name in mounted)
        else each
        for each in objects
    )


def _faster(each: Object, factor: float) -> Object:
    manifest: Json = deepcopy(each.manifest)
    if each.kind == "ConfigMap":
        limits = {name: seconds / factor for name, seconds in AGES.items()}
        for name, text in manifest["data"].items():
            named = {alert: limit for alert, limit in limits.items() if alert in text}
            manifest["data"][name] = faster_file(text, factor, named)
    else:
        [container] = manifest["spec"]["template"]["spec"]["containers"]
        container["args"].append(f"--query.lookback-delta={shorter(LOOKBACK, factor)}")
    return Object(manifest)
