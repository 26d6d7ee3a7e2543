import pytest
import yaml

from store.charttest.objects import Object, Objects

OBJECTS = Objects(
    Object(each)
    for each in yaml.safe_load_all("""
kind: CronJob
apiVersion: batch/v1
metadata:
  name: backup
  annotations: { helm.sh/hook: "post-install,post-upgrade" }
spec:
  jobTemplate:
    spec:
      template:
        metadata: { labels: { app.kubernetes.io/component: backup, app: shop } }
        spec:
          initContainers:
            - { name: first, image: "first:1" }
          containers:
            - name: dump
              image: dump:1
              args: [backup]
              env:
                - { name: PASSWORD, valueFrom: { secretKeyRef: { name: db, key: password } } }
                - { name: URL, value: "postgresql://shop:$(PASSWORD)@db" }
                - { name: EMPTY }
              ports:
                - { name: http, containerPort: 8000 }
                - { containerPort: 9000 }
              volumeMounts:
                - { name: tmp, mountPath: /tmp }
          volumes:
---
kind: Service
apiVersion: v1
metadata: { name: backup, labels: }
spec: { selector: { app: shop } }
""")
)


def test_objects_are_found_by_kind_and_name() -> None:
    assert [str(each) for each in OBJECTS.of("Service", "CronJob")] == [
        "CronJob/backup",
        "Service/backup",
    ]
    assert OBJECTS.one("Service", "backup").api_version == "v1"
    with pytest.raises(LookupError, match=r"no Service is named front: \['backup'\]"):
        OBJECTS.one("Service", "front")


def test_hooks_are_named_and_what_is_no_hook_has_none() -> None:
    assert OBJECTS.one("CronJob", "backup").hooks == ["post-install", "post-upgrade"]
    assert OBJECTS.one("Service", "backup").hooks == []


def test_the_pods_of_any_workload_are_found_and_other_objects_have_none() -> None:
    (pod,) = OBJECTS.pods
    assert (str(pod), pod.component, pod.volumes) == ("pod of CronJob/backup", "backup", [])
    assert OBJECTS.one("Service", "backup").pod is None
    assert OBJECTS.pods_of("backup") == [pod]
    assert OBJECTS.pods_of("front") == []


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job"])
def test_a_workload_has_the_pods_of_its_template(kind: str) -> None:
    template = {"metadata": {"labels": {"a": "b"}}}
    owner = Object({"kind": kind, "metadata": {"name": "it"}, "spec": {"template": template}})
    assert owner.pod is not None
    assert owner.pod.labels == {"a": "b"}


def test_labels_select_pods_that_have_them_all() -> None:
    assert OBJECTS.selected_by({"app": "shop"}) == OBJECTS.pods
    assert OBJECTS.selected_by({}) == OBJECTS.pods
    assert OBJECTS.selected_by({"app": "shop", "tier": "front"}) == []


def test_a_container_tells_what_it_runs() -> None:
    dump = OBJECTS.pods[0].container("dump")
    assert (dump.image, dump.args, dump.initialises) == ("dump:1", ["backup"], False)
    assert dump.ports == {"http": 8000, "9000": 9000}
    assert dump.mounts["/tmp"]["name"] == "tmp"  # noqa: S108
    assert [each.name for each in OBJECTS.containers if each.initialises] == ["first"]
    with pytest.raises(
        LookupError, match="no container in the pod of CronJob/backup is named restore"
    ):
        OBJECTS.pods[0].container("restore")


def test_a_variable_has_a_value_or_comes_from_elsewhere() -> None:
    env = OBJECTS.pods[0].container("dump").env
    assert (env["PASSWORD"].value, env["PASSWORD"].secret) == (None, ("db", "password"))
    assert (env["URL"].value, env["URL"].secret) == ("postgresql://shop:$(PASSWORD)@db", None)
    assert env["EMPTY"].value == ""
