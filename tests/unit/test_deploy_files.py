"""The files of deploy/: they parse, say what Kubernetes and Docker demand, hold no secret, name only what exists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from relevo.bootstrap.everything import Settings
from relevo.cli import app
from relevo.settings import effective

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMMANDS = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
VARIABLES = {name for name, _, _ in effective(Settings())}
NOT_OURS = {"RELEVO_DOMAIN", "RELEVO_VERSION"}
"""Of compose alone: nothing of Relevo reads them."""
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "ConfigMap": ("data",),
    "Deployment": ("spec.selector.matchLabels", "spec.template.metadata.labels", "spec.template.spec.containers"),
    "HorizontalPodAutoscaler": ("spec.scaleTargetRef.name", "spec.minReplicas", "spec.maxReplicas", "spec.metrics"),
    "Ingress": ("spec.rules", "spec.tls"),
    "Job": ("spec.template.spec.restartPolicy", "spec.template.spec.containers"),
    "PodDisruptionBudget": ("spec.selector.matchLabels", "spec.minAvailable"),
    "ScaledObject": ("spec.scaleTargetRef.name", "spec.triggers"),
    "Service": ("spec.selector", "spec.ports"),
    "TriggerAuthentication": ("spec.secretTargetRef",),
}
"""What Kubernetes and KEDA refuse a document without, and what we want of it besides."""


def documents() -> Iterator[Any]:
    """Give every document for Kubernetes."""
    for path in sorted(KUBERNETES.glob("*.yaml")):
        if path.name != "kustomization.yaml":
            yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


DOCUMENTS = list(documents())
PODS = {
    each["metadata"]["name"]: each["spec"]["template"] for each in DOCUMENTS if each["kind"] in ("Deployment", "Job")
}
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
OURS = {name: each for name, each in COMPOSE["services"].items() if each["image"].startswith("relevo")}


def at(document: Any, path: str) -> Any:
    """Give what is at a path of a document; None where there is nothing."""
    for part in path.split("."):
        document = document.get(part) if isinstance(document, dict) else None
    return document


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: f"{each['kind']} {each['metadata']['name']}")
def test_what_kubernetes_demands_is_there(document: Any) -> None:
    """Each document has its version, name and what its kind cannot be without."""
    assert document["apiVersion"]
    assert [path for path in REQUIRED[document["kind"]] if not at(document, path)] == []


def test_selectors_find_what_they_are_for() -> None:
    """Deployments, services and budgets select the labels of a pod; autoscalers name a deployment."""
    labels = [pod["metadata"]["labels"] for pod in PODS.values()]
    for each in DOCUMENTS:
        wanted = at(each, "spec.selector.matchLabels") or (each["kind"] == "Service" and at(each, "spec.selector"))
        assert not wanted or wanted in labels, each["metadata"]["name"]
        target = at(each, "spec.scaleTargetRef.name")
        assert target is None or target in PODS
        assert not (target and each["kind"] == "Deployment" and "replicas" in each["spec"])


@pytest.mark.parametrize("name", PODS)
def test_no_pod_may_do_more_than_it_must(name: str) -> None:
    """No root, no capability, no writable image, no token of the cluster, no variable that Kubernetes makes up."""
    pod = PODS[name]["spec"]
    assert pod["automountServiceAccountToken"] is pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert f"USER {pod['securityContext']['runAsUser']}:" in DOCKERFILE
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        assert container["args"][0] in COMMANDS
        context = container["securityContext"]
        assert (context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"]) == (False, True)
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["requests"]
        assert container["resources"]["limits"]["memory"]


def test_probes_ask_doors_that_are_there() -> None:
    """A web process is alive by /health, and gets visitors by /ready as far as the database goes."""
    (web,) = PODS["relevo-web"]["spec"]["containers"]
    asked = {kind: web[kind]["httpGet"]["path"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert asked == {
        "startupProbe": "/health",
        "livenessProbe": "/health",
        "readinessProbe": "/ready?part=database",
    }
    assert web["ports"] == [{"name": "http", "containerPort": Settings().address.port}]


def test_pods_have_time_to_stop() -> None:
    """Whoever stops a process waits longer than it takes to finish what it has in hand."""
    told = next(each["data"] for each in DOCUMENTS if each["kind"] == "ConfigMap")
    seconds = float(told["RELEVO_STOP_SECONDS"])
    for name in ("relevo-web", "relevo-bot"):
        assert PODS[name]["spec"]["terminationGracePeriodSeconds"] > seconds + 5
    for each in OURS.values():
        assert float(each["stop_grace_period"].removesuffix("s")) > Settings().bots.stop_seconds


def test_compose_runs_every_part_in_its_order() -> None:
    """The database is there, then brought forward, then web and training, then bots; web has more than one process."""
    assert {name: each["command"] for name, each in OURS.items()} == {
        "migrate": ["migrate"], "train": ["train"], "web": ["web"], "bot": ["bot"],
    }  # fmt: skip
    assert {name: list(each["depends_on"]) for name, each in OURS.items()} == {
        "migrate": ["postgres"], "train": ["migrate"], "web": ["migrate"], "bot": ["train"],
    }  # fmt: skip
    assert OURS["web"]["deploy"]["replicas"] == 2
    for each in OURS.values():
        assert (each["read_only"], each["cap_drop"]) == (True, ["ALL"])
    proxy = COMPOSE["services"]["proxy"]["networks"]["inside"]["ipv4_address"]
    assert OURS["web"]["environment"]["RELEVO_TRUSTED_PROXIES"] == proxy
    (network,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    assert ip_address(proxy) in ip_network(network["subnet"])
    assert ip_address(proxy) not in ip_network(network["ip_range"]), "somebody else has it when the proxy starts"


def test_every_variable_is_a_setting() -> None:
    """Whatever is called RELEVO_… in these files is something that Relevo reads."""
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            named = set(re.findall(r"\bRELEVO_[A-Z_]+\b", path.read_text(encoding="utf-8")))
            assert named <= VARIABLES | NOT_OURS, path.name


def test_no_secret_is_written_down() -> None:
    """Secrets come from deploy/.env or from a Secret; what holds them is no file of the repository."""
    assert not any(each["kind"] == "Secret" for each in DOCUMENTS)
    for pod in PODS.values():
        for container in pod["spec"]["containers"]:
            assert {"secretRef": {"name": "relevo"}} in container["envFrom"]
            assert "env" not in container
    example = (DEPLOY / "example.env").read_text(encoding="utf-8")
    given = dict(line.split("=", 1) for line in example.splitlines() if re.match(r"[A-Z_]+=", line))
    assert {name for name, value in given.items() if value} == {"BOT_PROCESSES"}
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    for found in re.findall(r"(?:PASSWORD|KEY|TOKEN): (.+)", text):
        assert re.fullmatch(r"\$\{[A-Z_]+:[-?].*\}", found), found
    used = set(re.findall(r"\$\{([A-Z_]+)", text)) - {"RELEVO_VERSION"}
    assert used == set(given)
    assert ".env" in (DEPLOY.parent / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_image_is_made_of_what_is_there() -> None:
    """Every file that is copied exists and gets past the ignore file; packages come from the lock, with hashes."""
    ignore = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [
        part for line in re.findall(r"^COPY (?!--from)(.+)", DOCKERFILE, re.MULTILINE) for part in line.split()[:-1]
    ]
    for name in copied:
        assert (DEPLOY.parent / name).exists(), name
        assert f"!{name}" in ignore
    assert sorted(f"!{name}" for name in copied) == sorted(line for line in ignore if line.startswith("!"))
    assert DOCKERFILE.count("--require-hashes") == DOCKERFILE.count("pip install") == 2
    version = (DEPLOY.parent / ".python-version").read_text().strip()
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert all(base.startswith(f"python:{version}-slim") for base in bases)
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert '"http://127.0.0.1:8080/health"' in DOCKERFILE.replace("'", '"')


def test_nothing_is_taken_as_whatever_is_the_latest() -> None:
    """Other images have a version, too."""
    images = [each["image"] for each in COMPOSE["services"].values() if each not in OURS.values()]
    assert images
    assert all(re.search(r":\d", image) for image in images)
