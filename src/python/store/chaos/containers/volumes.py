"""The volumes of a pod: what is in each, and how a container mounts it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from store.chaos.containers.config_objects import ConfigObjects
from store.chaos.containers.manifest import UnsupportedManifest, check_keys
from store.chaos.containers.quantities import quantity
from store.charttest.objects import Container, Json, Pod

FILE_MODE = 0o644
GROUP_READS = 0o440  # what kubelet adds to the files of a read-only volume of a pod with an fsGroup


@dataclass(frozen=True)
class File:
    """A file of a Secret or ConfigMap that is mounted."""

    content: bytes
    mode: int


@dataclass(frozen=True)
class Volume:
    """One of a pod's: files that never change, or a claim, or else an empty folder of the pod's own."""

    name: str
    files: Mapping[str, File] | None = None
    claim: str = ""
    bytes: int | None = None

    @property
    def is_empty_dir(self) -> bool:
        return self.files is None and not self.claim


def volumes_of(pod: Pod, configs: ConfigObjects, claims: Mapping[str, str]) -> Mapping[str, Volume]:
    """Every volume by name; `claims` are those that its StatefulSet makes, by template."""
    volumes = [_volume(each, pod, configs) for each in pod.volumes]
    volumes += [Volume(name, claim=claim) for name, claim in claims.items()]
    return {each.name: each for each in volumes}


def mounts(
    container: Container, volumes: Mapping[str, Volume], docker_names: Mapping[str, str]
) -> Iterator[str]:
    """The options of docker that mount them; a volume without a name of Docker's lives in memory."""
    for path, mount in container.mounts.items():
        where = f"{container}, {path}"
        check_keys(mount, {"name", "mountPath", "readOnly"}, where)
        volume = volumes.get(mount["name"])
        if volume is None:
            raise UnsupportedManifest(
                where, f"the volume {mount['name']}, which the pod does not have"
            )
        if volume.name in docker_names:
            reads = mount.get("readOnly") or volume.files is not None
            yield from ("--volume", f"{docker_names[volume.name]}:{path}:{'ro' if reads else 'rw'}")
        else:
            size = f",size={volume.bytes}" if volume.bytes else ""
            yield from ("--tmpfs", f"{path}:rw,exec,mode=0777{size}")


def _volume(manifest: Json, pod: Pod, configs: ConfigObjects) -> Volume:
    where = f"{pod}, volume {manifest['name']}"
    check_keys(
        manifest, {"name", "emptyDir", "secret", "configMap", "persistentVolumeClaim"}, where
    )
    name, group = str(manifest["name"]), pod.spec.get("securityContext", {}).get("fsGroup")
    if secret := manifest.get("secret"):
        files = _files(secret, configs.secret(secret["secretName"]), group is not None, where)
        return Volume(name, files)
    if config := manifest.get("configMap"):
        return Volume(
            name, _files(config, configs.config(config["name"]), group is not None, where)
        )
    if claim := manifest.get("persistentVolumeClaim"):
        return Volume(name, claim=str(claim["claimName"]))
    limit = (manifest.get("emptyDir") or {}).get("sizeLimit")
    return Volume(name, bytes=int(quantity(limit)) if limit else None)


def _files(source: Json, data: Mapping[str, bytes], grouped: bool, where: str) -> dict[str, File]:
    check_keys(source, {"name", "secretName", "defaultMode", "items"}, where)
    mode = source.get("defaultMode", FILE_MODE)
    items = source.get("items") or [{"key": key, "path": key} for key in data]
    added = GROUP_READS if grouped else 0
    try:
        return {
            each["path"]: File(data[each["key"]], each.get("mode", mode) | added) for each in items
        }
    except KeyError as missing:
        raise UnsupportedManifest(where, f"the key {missing}, which is not there") from None
