"""The Docker engine on this machine, by its command line."""

import os
import shutil
import subprocess
from collections.abc import Mapping

from store.cli.errors import CannotProve

TIMEOUT_SECONDS = 120.0


class EngineMissing(CannotProve):
    def __init__(self, reason: str) -> None:
        super().__init__(
            f"There is no Docker engine to run containers on: {reason}. Debian's is "
            "`apt-get install docker.io`; DOCKER_HOST names one that is elsewhere."
        )


class DockerRefused(CannotProve):
    """The engine refused a command; `reason` is its own last line."""

    def __init__(self, verb: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"docker {verb}: {reason}")


def docker(
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    given: bytes | None = None,
    seconds: float = TIMEOUT_SECONDS,
) -> str:
    """The output of a docker command; DockerRefused if it fails.

    `-e NAME` without a value takes it from `environ`, so that no secret is on a command line.
    """
    done = _run(arguments, {**os.environ, **(environ or {})}, given, seconds)
    if done.returncode:
        lines = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else "no output"
        raise DockerRefused(arguments[0], reason.removeprefix("Error response from daemon: "))
    return done.stdout.decode(errors="replace").strip()


def attach(*arguments: str) -> subprocess.Popen[bytes]:
    """A docker command that runs until its standard input is closed."""
    return subprocess.Popen(
        [_program(), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us: we end it in order
    )


def logs_of(container: str, lines: int | None = None) -> bytes:
    """The log of a container, both streams; its last lines, or everything."""
    tail = [] if lines is None else ["--tail", str(lines)]
    done = _run(["logs", *tail, container], os.environ, None, TIMEOUT_SECONDS, together=True)
    return done.stdout


def succeeds(*arguments: str, seconds: float) -> bool:
    """Whether a docker command ends in time and with exit status 0."""
    try:
        return _run(arguments, os.environ, None, seconds).returncode == 0
    except DockerRefused:
        return False


def check_engine() -> None:
    """EngineMissing unless an engine answers."""
    if shutil.which("docker") is None:
        raise EngineMissing("no `docker` is on the PATH")
    try:
        docker("version", "--format", "{{.Server.Version}}", seconds=20)
    except DockerRefused as refused:
        raise EngineMissing(refused.reason) from None


def _run(
    arguments: tuple[str, ...] | list[str],
    environ: Mapping[str, str],
    given: bytes | None,
    seconds: float,
    *,
    together: bool = False,
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            [_program(), *arguments],
            env=dict(environ),
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if together else subprocess.PIPE,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DockerRefused(arguments[0], f"no answer within {seconds:.0f} s") from None


def _program() -> str:
    return shutil.which("docker") or "docker"
