"""Installs, upgrades and rolls back the chart on a Kubernetes API server, compiled here from its Go modules.

python scripts/cluster.py    the first time a quarter of an hour of compiling, then a minute

It needs go, helm and kubectl on PATH, and neither a cluster nor Docker nor root. There are no nodes: objects
are checked, defaulted and patched as in a cluster, and no pod runs. What it asks:

- every object of every set of values in ci/ is taken, by a namespace of the restricted security standard;
- switching autoscaling on leaves the number of pods as it is, and so does every upgrade after it;
- an upgrade that fails can be rolled back.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
CHART: Final = ROOT / "helm" / "market-streams"
FOLDER: Final = ROOT / ".run" / "cluster"
KUBERNETES: Final = "1.34.4"
ETCD: Final = "v3.6.4"
SERVERS: Final = {
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "etcd": "go.etcd.io/etcd/server/v3",
}
DEFINITIONS: Final = {
    "github.com/kedacore/keda/v2@v2.18.1": ["config/crd/bases/keda.sh_scaledobjects.yaml"],
    "github.com/prometheus-operator/prometheus-operator@v0.94.1": [
        f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml"
        for kind in ("servicemonitors", "prometheusrules")
    ],
}
"""Modules, and the files in them, of the kinds that the chart may ask for."""
COMPILING_S: Final = 3_600
STARTS_S: Final = 60
VALUES: Final = ("trial", "production", "minimal")
AUTOSCALED: Final = "--set=keda.enabled=true,wds.autoscaling.enabled=true"


def run(*command: str | Path, folder: Path = ROOT, seconds: float = 120, ok: bool = True) -> str:
    """Run a command and return all that it says; end where it fails and should not."""
    environment = {**os.environ, "KUBECONFIG": str(FOLDER / "kubeconfig"), "CGO_ENABLED": "0"}
    done = subprocess.run(  # noqa: S603  ours
        [str(part) for part in command], cwd=folder, env=environment, timeout=seconds, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if ok and done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def module(name: str) -> Path:
    """Return where Go keeps a module, fetched if it must be."""
    told: dict[str, Any] = json.loads(run("go", "mod", "download", "-json", name, folder=FOLDER, seconds=600))
    return Path(told["Dir"])


def compile_servers() -> None:
    """Compile what is not there yet. Kubernetes' own modules name each other by folder; versions stand in."""
    missing = [name for name in SERVERS if not (FOLDER / f"{name}-{KUBERNETES}").exists()]
    if not missing:
        return
    text = (module(f"k8s.io/kubernetes@v{KUBERNETES}") / "go.mod").read_text()
    parts = re.findall(r"(\S+) => \./staging/", text)
    replaced = "".join(f"\t{part} => {part} v0{KUBERNETES[1:]}\n" for part in parts)
    required = f"\tk8s.io/kubernetes v{KUBERNETES}\n\tgo.etcd.io/etcd/server/v3 {ETCD}\n"
    (FOLDER / "go.mod").write_text(
        f"module servers\n\ngo 1.24.0\n\nrequire (\n{required})\n\nreplace (\n{replaced})\n"
    )
    imports = "".join(f'\t_ "{path}"\n' for path in SERVERS.values())
    (FOLDER / "servers.go").write_text(f"//go:build tools\n\npackage servers\n\nimport (\n{imports})\n")
    run("go", "mod", "tidy", folder=FOLDER, seconds=600)
    for name in missing:
        print(f"compiling {name}", flush=True)
        version = f"-X k8s.io/component-base/version.gitVersion=v{KUBERNETES}"
        target = FOLDER / f"{name}-{KUBERNETES}"
        run(
            *("nice", "go", "build", "-buildvcs=false", "-ldflags", f"-s -w {version}", "-o", target),
            SERVERS[name], folder=FOLDER, seconds=COMPILING_S,
        )  # fmt: skip


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def server(name: str, **options: object) -> Iterator[None]:
    """Run a server for as long as the context lasts; its log is beside it."""
    flags = [f"--{key.replace('_', '-')}={value}" for key, value in options.items()]
    with (FOLDER / f"{name}.log").open("w") as log, subprocess.Popen(  # noqa: S603  ours
        [FOLDER / f"{name}-{KUBERNETES}", *flags], stdout=log, stderr=log, cwd=FOLDER
    ) as process:  # fmt: skip
        try:
            yield
        finally:
            process.kill()


@contextmanager
def cluster() -> Iterator[None]:
    """Run an empty API server for as long as the context lasts."""
    shutil.rmtree(FOLDER / "data", ignore_errors=True)
    etcd, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    port, token = free_port(), secrets.token_hex()
    run("openssl", "genrsa", "-out", FOLDER / "accounts.key", "2048")
    (FOLDER / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    address = f"https://127.0.0.1:{port}"
    (FOLDER / "kubeconfig").write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "it",
        "clusters": [{"name": "it", "cluster": {"server": address, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "it", "user": {"token": token}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
    }))  # fmt: skip
    key = FOLDER / "accounts.key"
    with (
        server(
            "etcd", data_dir="data", unsafe_no_fsync=True,
            listen_client_urls=etcd, advertise_client_urls=etcd,
            listen_peer_urls=peers, initial_advertise_peer_urls=peers, initial_cluster=f"default={peers}",
        ),
        server(
            "kube-apiserver", etcd_servers=etcd, secure_port=port, bind_address="127.0.0.1",
            cert_dir="certificates",
            service_account_issuer="https://cluster.local", service_account_signing_key_file=key,
            service_account_key_file=key, token_auth_file="tokens.csv",  # noqa: S106  a file's name
            authorization_mode="RBAC", service_cluster_ip_range="10.96.0.0/16",
        ),
    ):  # fmt: skip
        ends = time.monotonic() + STARTS_S
        while "ok" not in run("kubectl", "get", "--raw=/readyz", ok=False):
            if time.monotonic() > ends:
                sys.exit(f"no API server after {STARTS_S} s: see {FOLDER}/kube-apiserver.log")
            time.sleep(1)
        for name, files in DEFINITIONS.items():
            for file in files:
                run("kubectl", "apply", "--server-side", "-f", module(name) / file)
        yield


def namespace(name: str) -> None:
    """Make a namespace that takes no pod which may do more than it must."""
    run("kubectl", "create", "namespace", name)
    levels = [f"pod-security.kubernetes.io/{mode}=restricted" for mode in ("enforce", "warn")]
    run("kubectl", "label", "namespace", name, *levels)


def helm(command: str, values: str, *more: str, ok: bool = True) -> str:
    """Run helm in the namespace of a set of values, with these values."""
    chosen = ["--values", str(CHART / "ci" / f"{values}-values.yaml")]
    return run("helm", command, "md", CHART, "--namespace", values, *chosen, *more, ok=ok)


def expect(what: str, is_so: bool, found: str = "") -> None:
    """Say that something is so, or end."""
    print(f"{'ok  ' if is_so else 'FAIL'}  {what}{'' if is_so else f': {found}'}", flush=True)
    if not is_so:
        sys.exit(1)


def pods_wanted(kind: str, name: str) -> str:
    """Return how many pods a workload of the minimal values is to have."""
    return run("kubectl", "-n", "minimal", "get", kind, name, "-o", "jsonpath={.spec.replicas}").split()[-1]


def main() -> None:
    """Do all of it, and end with 1 where something is not as it should be."""
    for program in ("go", "helm", "kubectl", "openssl"):
        if shutil.which(program) is None:
            sys.exit(f"no {program} on PATH")
    FOLDER.mkdir(parents=True, exist_ok=True)
    compile_servers()
    with cluster():
        for values in VALUES:
            namespace(values)
            rendered = FOLDER / f"{values}.yaml"
            rendered.write_text(helm("template", values, "--kube-version", KUBERNETES))
            apply = (
                "kubectl",
                "apply",
                "-n",
                values,
                "--dry-run=server",
                "--validate=strict",
                "-f",
                rendered,
            )
            told = run(*apply, ok=False).splitlines()
            wrong = [
                line for line in told if "(server dry run)" not in line and "version difference" not in line
            ]
            expect(f"{values}: {len(told)} objects are taken without a warning", not wrong, "; ".join(wrong))
            helm("install", values)
        workloads = {("statefulset", "md-scanner"): "4", ("deployment", "md-wds"): "3"}
        sizes = "--set=workers.scanner.replicas=4,wds.replicas=3"
        helm("upgrade", "minimal", sizes)
        for more in ("", ",settings.LOG_LEVEL=DEBUG"):
            helm("upgrade", "minimal", sizes, AUTOSCALED + more)
            for (kind, name), wanted in workloads.items():
                found = pods_wanted(kind, name)
                expect(f"autoscaling{more and ', upgraded'}: {name} keeps its pods", found == wanted, found)
        refused = helm("upgrade", "trial", "--set=worker.storage=9Gi", ok=False)
        expect("a volume's size is not changed in place", "Forbidden" in refused, refused[-300:])
        answer = run("helm", "rollback", "md", "--namespace", "trial", ok=False)
        expect("an upgrade that failed is rolled back", "success" in answer, answer[-300:])


if __name__ == "__main__":
    main()
