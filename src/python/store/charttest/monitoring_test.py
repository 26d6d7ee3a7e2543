"""What watches a release: our rules, unchanged, on everything that runs, known by the labels they use."""

import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from store.charttest import helm
from store.charttest.helm import EXAMPLES
from store.charttest.objects import Container, Json, Object, Objects
from store.charttest.quantities import amount
from store.charttest.testing import SETS, rendered
from store.database.child_process import ChildProcess
from store.monitoring import chart
from store.monitoring.programs import prometheus_program
from store.monitoring.promtool import check_configuration, promtool_program
from store.monitoring.targets import SERVICE_OF
from store.monitoring.testing import RULE_FILES, needed

SHARED = Path("grafana/prometheus.yml")
OPERATOR = EXAMPLES / "operator.yaml"
WITHOUT_AUDITOR = {"auditor": {"enabled": False}}
READY = "Server is ready to receive web requests."
READY_SECONDS, STOP_SECONDS = 30.0, 20.0
DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "y": 365.0}
WATCHING = pytest.mark.parametrize(
    "name",
    [name for name in SETS if name not in ("bare", "no-monitoring", "operator", "production")],
)


def configuration(objects: Objects) -> Any:
    """prometheus.yml."""
    text = objects.one("ConfigMap", "store-prometheus").manifest["data"]["prometheus.yml"]
    return yaml.safe_load(text)


def labels_of(relabelings: list[Json], replaces: str) -> dict[str, str]:
    """The labels that every target gets, by name."""
    return {each[replaces]: each["replacement"] for each in relabelings}


def scraped(objects: Objects) -> dict[str, str]:
    """The service of each job."""
    return {
        job["job_name"]: labels_of(job["relabel_configs"], "target_label")["service"]
        for job in configuration(objects)["scrape_configs"]
    }


def prometheus(objects: Objects) -> Container:
    return objects.pods_of("prometheus")[0].container("prometheus")


def flags(objects: Objects) -> dict[str, str]:
    return dict(each.removeprefix("--").split("=", 1) for each in prometheus(objects).args)


def lay_out(objects: Objects, folder: Path) -> Path:
    """What Prometheus finds below /etc/prometheus, laid into `folder`; where its configuration is."""
    for mount, volume_mount in prometheus(objects).mounts.items():
        if mount.startswith("/etc/prometheus/"):
            (volume,) = (
                each
                for each in prometheus(objects).pod.volumes
                if each["name"] == volume_mount["name"]
            )
            contents = objects.one("ConfigMap", volume["configMap"]["name"]).manifest["data"]
            (folder / Path(mount).name).mkdir()
            for name, text in contents.items():
                (folder / Path(mount).name / name).write_text(text)
    return folder / Path(flags(objects)["config.file"]).relative_to("/etc/prometheus")


@WATCHING
def test_prometheus_takes_the_configuration_and_finds_the_rules(name: str, tmp_path: Path) -> None:
    needed(promtool_program)
    verdict = check_configuration(lay_out(rendered(*SETS[name]), tmp_path))
    assert verdict.ok, verdict.output
    files = rules(rendered(*SETS[name]))
    assert f"{len(files)} rule files found" in verdict.output


def rules(objects: Objects) -> Json:
    """The files of rules, by name."""
    return dict(objects.one("ConfigMap", "store-rules").manifest["data"])


def test_the_rules_are_ours_to_the_byte() -> None:
    assert rules(rendered()) == {file.name: file.read_text() for file in RULE_FILES}


def test_the_chart_s_copies_are_those_of_grafana() -> None:
    theirs, ours = chart.copied(chart.FILES), chart.copied(Path("grafana"))
    changed = {name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name)}
    assert changed == set(), "./pants dashboards build writes the chart's copies anew"
    assert {str(file.relative_to(chart.FILES)) for file in chart.FILES.rglob("*.*")} == ours.keys()


def test_helm_has_nothing_to_say_about_the_chart() -> None:
    rendered()
    command = [helm.helm_program(), "template", "store", str(helm.CHART)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_without_backups_nobody_waits_for_dumps() -> None:
    left = {file.name for file in RULE_FILES} - rules(
        rendered({"backups": {"enabled": False}})
    ).keys()
    assert left == {"backups.yaml"}


def test_nobody_waits_for_audits_without_an_auditor() -> None:
    left = {file.name for file in RULE_FILES} - rules(rendered(WITHOUT_AUDITOR)).keys()
    assert left == {"audits.yaml"}
    without = {**WITHOUT_AUDITOR, "monitoring": {"operator": {"enabled": True}}}
    (rule,) = rendered(without).of("PrometheusRule")
    assert "AuditStale" not in str(rule.spec)


def test_jobs_and_services_have_the_names_that_rules_know() -> None:
    assert scraped(rendered()) == SERVICE_OF


def test_who_is_not_there_is_not_waited_for() -> None:
    services = dict(SERVICE_OF)
    del services["audit"]
    assert scraped(rendered(WITHOUT_AUDITOR)) == services
    del services["gateway"]
    assert scraped(rendered(EXAMPLES / "stripe.yaml")) == services


@WATCHING
def test_every_job_looks_up_the_replicas_of_one_process_and_all_of_them(name: str) -> None:
    objects = rendered(*SETS[name])
    found = {}
    for job in configuration(objects)["scrape_configs"]:
        (where,) = job["dns_sd_configs"]
        (service,) = where["names"]
        assert (where["type"], where["port"]) == ("A", 9000)
        found[job["job_name"]] = watched(objects, objects.one("Service", service))
    assert found == {job: {"auditor" if job == "audit" else job} for job in found}
    with_ops = {pod.component for pod in objects.pods if "ops" in pod.ports}
    assert set().union(*found.values()) == with_ops


def watched(objects: Objects, service: Object) -> set[str]:
    """The components that a Service leads a scrape to, replicas that are not ready among them."""
    assert service.spec["clusterIP"] == "None"
    assert service.spec["publishNotReadyAddresses"] is True
    assert [port["targetPort"] for port in service.spec["ports"]] == ["ops"]
    pods = objects.selected_by(service.spec["selector"])
    assert {pod.ports["ops"] for pod in pods} == {9000}
    return {pod.component for pod in pods}


def test_it_scrapes_as_often_as_on_a_laptop_and_says_whose_alarms_are() -> None:
    found = configuration(rendered())["global"]
    labels = found.pop("external_labels")
    assert found == yaml.safe_load(SHARED.read_text())["global"]
    assert labels == {"namespace": "store", "release": "store"}


def test_what_it_keeps_is_as_long_as_rules_look_back() -> None:
    windows = re.findall(r"\[(\d+)([hdwy])\]", "".join(file.read_text() for file in RULE_FILES))
    longest = max(int(count) * DAYS[unit] for count, unit in windows)
    kept = re.fullmatch(r"(\d+)([hdwy])", flags(rendered())["storage.tsdb.retention.time"])
    assert kept is not None
    assert int(kept[1]) * DAYS[kept[2]] >= longest == 30


@pytest.mark.parametrize("size", ["512Mi", "8Gi", "1Ti"])
def test_it_tidies_up_before_its_volume_is_full(size: str) -> None:
    objects = rendered({"monitoring": {"prometheus": {"storage": {"size": size}}}})
    most = re.fullmatch(r"(\d+)KB", flags(objects)["storage.tsdb.retention.size"])
    (claim,) = objects.one("StatefulSet", "store-prometheus").spec["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == size
    assert most is not None
    # Prometheus' KB are 1024 bytes.
    assert 0.79 < int(most[1]) * 1024 / amount(size) <= 0.8


@pytest.mark.parametrize("program", ["prometheus", "grafana"])
def test_garbage_is_collected_before_the_memory_is_used_up(program: str) -> None:
    container = rendered().pods_of(program)[0].container(program)
    limit = re.fullmatch(r"(\d+)KiB", str(container.env["GOMEMLIMIT"].value))
    assert limit is not None
    assert 0.89 < int(limit[1]) * 1024 / amount(container.resources["limits"]["memory"]) <= 0.9


def test_prometheus_starts_with_these_flags_and_ends_when_told(tmp_path: Path) -> None:
    program, objects = needed(prometheus_program), rendered()
    lay_out(objects, tmp_path)
    here = [flag.replace("=/etc/prometheus/", f"={tmp_path}/") for flag in prometheus(objects).args]
    here = [flag.replace("=/data/", f"={tmp_path}/data/") for flag in here]
    command = [program, *here, "--web.listen-address=127.0.0.1:0"]
    log = tmp_path / "log"
    with log.open("wb") as said:
        kept = ChildProcess(command, signal="TERM", log=said, who={})
    try:
        give_up = time.monotonic() + READY_SECONDS
        while READY not in log.read_text() and kept.running and time.monotonic() < give_up:
            time.sleep(0.05)
    finally:
        kept.end(STOP_SECONDS)
    assert READY in log.read_text(), log.read_text()
    assert "See you next time!" in log.read_text()


def test_a_changed_configuration_restarts_it() -> None:
    sums = {
        str(rendered(values).pods_of("prometheus")[0].annotations)
        for values in ({}, WITHOUT_AUDITOR, {"monitoring": {"prometheus": {"retention": "7d"}}})
    }
    assert len(sums) == 2  # flags restart it as they are


def test_alarms_go_where_the_values_say() -> None:
    assert "alerting" not in configuration(rendered())
    there = {"monitoring": {"prometheus": {"alertmanagers": ["alerts.monitoring:9093"]}}}
    way = {"namespaceLabels": {"kubernetes.io/metadata.name": "monitoring"}, "port": 9093}
    found = configuration(rendered({**there, "networkPolicy": {"alertmanagers": [way]}}))
    (manager,) = found["alerting"]["alertmanagers"]
    assert manager == {"static_configs": [{"targets": ["alerts.monitoring:9093"]}]}


def test_the_operator_scrapes_the_same_processes_under_the_same_names() -> None:
    objects = rendered(OPERATOR)
    found = {}
    for monitor in objects.of("ServiceMonitor"):
        (endpoint,) = monitor.spec["endpoints"]
        labels = labels_of(endpoint["relabelings"], "targetLabel")
        assert set(labels) == {"job", "service"}
        found[labels["job"]] = labels["service"]
        (service,) = monitored(objects, monitor, endpoint["port"])
        component = "auditor" if labels["job"] == "audit" else labels["job"]
        assert watched(objects, service) == {component}
        assert (
            endpoint["interval"] == yaml.safe_load(SHARED.read_text())["global"]["scrape_interval"]
        )
    assert found == SERVICE_OF


def monitored(objects: Objects, monitor: Object, port: str) -> list[Object]:
    """The Services that a ServiceMonitor finds, which have the port that it asks for."""
    selector = monitor.spec["selector"]["matchLabels"]
    return [
        service
        for service in objects.of("Service")
        if selector.items() <= service.labels.items()
        and port in [each["name"] for each in service.spec["ports"]]
    ]


def test_the_operator_has_our_rules() -> None:
    (rule,) = rendered(OPERATOR).of("PrometheusRule")
    ours = [yaml.safe_load(file.read_text())["groups"] for file in RULE_FILES]
    assert rule.spec["groups"] == [group for groups in ours for group in groups]
    assert "{{ $value }}" in str(rule.spec)  # Prometheus fills it in, not helm


def test_the_operator_finds_what_is_meant_for_it() -> None:
    objects = rendered(OPERATOR)
    meant = objects.of("ServiceMonitor", "PrometheusRule")
    assert len(meant) == len(SERVICE_OF) + 1
    assert {each.labels["release"] for each in meant} == {"kube-prometheus-stack"}


@pytest.mark.parametrize("name", [name for name in SETS if name != "everything"])
def test_only_where_there_is_an_operator_are_there_objects_for_it(name: str) -> None:
    objects = rendered(*SETS[name])
    has_operator = name in ("operator", "production")
    assert bool(objects.of("ServiceMonitor", "PrometheusRule")) == has_operator
