"""The chart's own pods as arguments of Docker, which say what the chart says."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import pytest

from store.chaos.containers.arguments import Creation, PodIdentity, creation
from store.chaos.containers.config_objects import ConfigObjects
from store.chaos.containers.manifest import UnsupportedManifest
from store.chaos.containers.network import Network
from store.chaos.containers.values import values
from store.chaos.containers.volumes import volumes_of
from store.charttest.objects import Container, Object, Objects
from store.charttest.testing import rendered


@pytest.fixture(scope="module")
def chart() -> Objects:
    return rendered(dict(values("dev", "172.18.0.1", 40_000)))


@pytest.fixture(scope="module")
def configs(chart: Objects) -> ConfigObjects:
    configs = ConfigObjects()
    configs.add(chart)
    return configs


def translated(container: Container, configs: ConfigObjects) -> Creation:
    pod = container.pod
    claims = pod.owner.spec.get("volumeClaimTemplates") or []
    names = {each["metadata"]["name"]: "claim" for each in claims}
    volumes = volumes_of(pod, configs, names)
    on_disk = {name: f"disk-{name}" for name, each in volumes.items() if not each.is_empty_dir}
    identity = PodIdentity("store-it-1", Network(), "172.18.0.9", ["store-it"], on_disk)
    return creation(container, configs, identity, volumes)


def option(arguments: list[str], name: str) -> list[str]:
    """The values of an option."""
    return [value for key, value in pairwise(arguments) if key == name]


def creations(chart: Objects, configs: ConfigObjects) -> Iterator[tuple[Container, Creation]]:
    for container in chart.containers:
        yield container, translated(container, configs)


def test_every_container_of_the_chart_is_supported_and_as_safe_as_it_says(
    chart: Objects, configs: ConfigObjects
) -> None:
    seen = 0
    for container, made in creations(chart, configs):
        arguments = [*made.arguments]
        assert option(arguments, "--user") == ["10001:10001"], container
        assert option(arguments, "--group-add") == ["10001"], container
        assert option(arguments, "--security-opt") == ["no-new-privileges"], container
        assert {"--read-only", "--cap-drop"} <= {*arguments}, container
        assert option(arguments, "--cap-drop") == ["ALL"], container
        assert int(option(arguments, "--memory")[0]) >= 64 * 2**20, container
        assert option(arguments, "--pull") == ["never"], container
        seen += 1
    assert seen > 20


def test_no_secret_is_on_a_command_line(chart: Objects, configs: ConfigObjects) -> None:
    secrets = {
        value.decode()
        for each in chart.of("Secret")
        for key, value in configs.secret(each.name).items()
        if key != "email"
    }
    assert len(secrets) > 15
    passed = 0
    for container, made in creations(chart, configs):
        line = " ".join(made.arguments)
        assert not [secret for secret in secrets if secret in line], container
        passed += sum(any(secret in value for secret in secrets) for value in made.environ.values())
        assert set(option([*made.arguments], "--env")) == set(made.environ), container
    assert passed > 20


def test_a_database_gets_its_volume_and_its_scratch_in_memory(
    chart: Objects, configs: ConfigObjects
) -> None:
    [pod] = chart.pods_of("orders-db")
    made = translated(pod.containers[0], configs)
    assert made.arguments[-2:] == ["virtual-store/postgres:dev", "serve"]
    assert option([*made.arguments], "--volume") == ["disk-data:/data:rw"]
    scratch = f"/tmp:rw,exec,mode=0777,size={64 * 2**20}"  # noqa: S108 - inside of a container
    assert option([*made.arguments], "--tmpfs") == [scratch]
    assert made.environ["DATABASE"] == "orders"


def pod_with(security: Mapping[str, object], **more: object) -> Container:
    container = {"name": "it", "image": "i", "securityContext": dict(security), **more}
    manifest = {"kind": "Pod", "metadata": {"name": "it"}, "spec": {"containers": [container]}}
    pod = Object(manifest).pod
    assert pod
    return pod.containers[0]


def test_nothing_is_safer_here_than_in_the_chart(configs: ConfigObjects) -> None:
    arguments = [*translated(pod_with({}), configs).arguments]
    assert not {"--read-only", "--cap-drop", "--user"} & {*arguments}
    assert option(arguments, "--security-opt") == ["seccomp=unconfined"]


def test_a_command_of_its_own_replaces_that_of_the_image(configs: ConfigObjects) -> None:
    own = pod_with(
        {}, command=["sh", "-c"], args=["echo $(WHO)"], env=[{"name": "WHO", "value": "me"}]
    )
    arguments = [*translated(own, configs).arguments]
    assert option(arguments, "--entrypoint") == ["sh"]
    assert arguments[-3:] == ["i", "-c", "echo me"]


@pytest.mark.parametrize(
    "unsupported",
    [
        pod_with({"privileged": True}),
        pod_with({"runAsNonRoot": True}),
        pod_with({}, volumeMounts=[{"name": "absent", "mountPath": "/x"}]),
        pod_with({}, volumeMounts=[{"name": "absent", "mountPath": "/x", "subPath": "y"}]),
        pod_with({}, stdin=True),
    ],
)
def test_what_would_be_passed_over_is_refused(
    unsupported: Container, configs: ConfigObjects
) -> None:
    with pytest.raises(UnsupportedManifest):
        translated(unsupported, configs)
