"""Docker volumes as Kubernetes gives them to a pod: owned by its group, with its files."""

import io
import tarfile
from collections.abc import Mapping

from store.chaos.containers.docker import docker
from store.chaos.containers.volumes import File

FOLDER = "filled"
FOLDER_MODE = 0o2775  # what kubelet makes of a volume's root for an fsGroup


def make_volume(
    name: str, label: str, image: str, group: int, files: Mapping[str, File] | None = None
) -> None:
    """A volume of this name that belongs to root and the group, with these files in it.

    A container that never runs mounts it meanwhile: so nothing of it is written outside of Docker, and
    nobody has to be root for it.
    """
    docker("volume", "create", "--label", label, name)
    holder = docker(
        *("create", "--pull", "never", "--label", label, "--network", "none"),
        *("--volume", f"{name}:/{FOLDER}", image),
    )
    try:
        docker("cp", "-", f"{holder}:/", given=archive(group, files or {}))
    finally:
        docker("rm", holder)


def archive(group: int, files: Mapping[str, File]) -> bytes:
    """A folder of this group with these files, as `docker cp` takes it."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        folder = tarfile.TarInfo(FOLDER)
        folder.type, folder.mode, folder.gid = tarfile.DIRTYPE, FOLDER_MODE, group
        tar.addfile(folder)
        for path, file in files.items():
            entry = tarfile.TarInfo(f"{FOLDER}/{path}")
            entry.size, entry.mode, entry.gid = len(file.content), file.mode, group
            tar.addfile(entry, io.BytesIO(file.content))
    return archive.getvalue()
