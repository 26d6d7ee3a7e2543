"""A cluster for helm to look into: the reading half of an API server, which shows the objects it is given.

with Cluster(installed) as cluster:
    upgrade = cluster.render({"backups": {"keep": 3}}, is_upgrade=True)
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

import yaml

from store.charttest import helm
from store.charttest.objects import Json, Object, Objects

RELEASE = NAMESPACE = "store"
OWNED = {"meta.helm.sh/release-name": RELEASE, "meta.helm.sh/release-namespace": NAMESPACE}
"""What helm writes on all that it creates, and asks for before it takes over what is there."""


class Cluster:
    """What a release's namespace holds: `objects`, as if helm had created them."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._shown = [_owned(each.manifest) for each in objects]
        self._kinds = _kinds([*helm.render(), *helm.render(is_upgrade=True)])
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def render(self, values: Json | None = None, *, is_upgrade: bool = False) -> Objects:
        """What helm would install or upgrade here with these values; HelmRefused says why not."""
        with tempfile.TemporaryDirectory() as folder:
            chosen, config = Path(folder, "values.json"), Path(folder, "config.json")
            chosen.write_text(json.dumps(values or {}))
            config.write_text(json.dumps(self._access()))
            command = [helm.helm_program(), "template", RELEASE, str(helm.CHART)]
            command += [f"--namespace={NAMESPACE}", f"--values={chosen}", "--dry-run=server"]
            command += [f"--kube-version={helm.KUBERNETES}", "--disable-openapi-validation"]
            command += ["--is-upgrade"] if is_upgrade else []
            environ = {**os.environ, "HOME": folder, "KUBECONFIG": str(config)}
            done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise helm.HelmRefused(done.stderr)
        return Objects(
            Object(each) for each in yaml.load_all(done.stdout, yaml.CSafeLoader) if each
        )

    def answer(self, path: str) -> Json | None:
        """What the API server says at a path; None is 404."""
        match path.strip("/").split("/"):
            case ["version"]:
                return {"major": "1", "minor": "36", "gitVersion": f"v{helm.KUBERNETES}.0"}
            case ["api"]:
                return {"kind": "APIVersions", "versions": ["v1"]}
            case ["apis"]:
                return {"kind": "APIGroupList", "apiVersion": "v1", "groups": self._groups()}
            case ["api" | "apis", *group, "namespaces", _, resource]:
                return self._listed("/".join(group), resource)
            case ["api" | "apis", *group, "namespaces", _, resource, name]:
                items = (self._listed("/".join(group), resource) or {}).get("items", [])
                return next((each for each in items if each["metadata"]["name"] == name), None)
            case ["api" | "apis", *group]:
                return self._resources("/".join(group))
        return None

    def _access(self) -> Json:
        port = self._server.server_address[1]
        return {
            "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "helm"}}],
            "users": [{"name": "helm", "user": {}}],
            "current-context": "here",
        }

    def _groups(self) -> list[Json]:
        versions = [
            {"groupVersion": each, "version": each.rpartition("/")[2]}
            for each in self._kinds
            if "/" in each
        ]
        return [
            {
                "name": each["groupVersion"].partition("/")[0],
                "versions": [each],
                "preferredVersion": each,
            }
            for each in versions
        ]

    def _resources(self, group: str) -> Json | None:
        if group not in self._kinds:
            return None
        resources = [
            {"name": name, "kind": kind, "namespaced": True, "verbs": ["get", "list"]}
            for name, kind in self._kinds[group].items()
        ]
        return {"kind": "APIResourceList", "groupVersion": group, "resources": resources}

    def _listed(self, group: str, resource: str) -> Json | None:
        kind = self._kinds.get(group, {}).get(resource)
        if kind is None:
            return None
        items = [each for each in self._shown if each["kind"] == kind]
        return {"kind": f"{kind}List", "apiVersion": group, "items": items}


def _owned(manifest: Json) -> Json:
    copy = deepcopy(manifest)
    metadata = copy["metadata"]
    metadata.update(namespace=NAMESPACE, annotations={**metadata.get("annotations", {}), **OWNED})
    return copy


def _kinds(objects: Iterable[Object]) -> dict[str, dict[str, str]]:
    """The kinds of each group, by how its path calls them: `services`, `networkpolicies`."""
    found = dict[str, dict[str, str]]()
    for each in objects:
        name = each.kind.lower()
        plural = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
        found.setdefault(each.api_version, {})[plural] = each.kind
    return found


def _handler(cluster: Cluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = cluster.answer(self.path.partition("?")[0])
            missing = {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}
            body = json.dumps(answer or missing).encode()
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Nobody reads it."""

    return Handler
