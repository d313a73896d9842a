import subprocess
import sys

import pytest

from tests.deploy.chart import needs_helm, refusal
from tests.deploy.conftest import ROOT


def test_readme_and_schema_are_what_the_script_writes() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/chart_docs.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@needs_helm
@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("kafka.partitions=0", "partitions"),
        ("kafka.bootstrap=kafka", "bootstrap"),
        ("kafka.bootstap=kafka:9092", "bootstap"),
        ("redis.mdcUrl=redis://:password@redis:6379/0", "mdcUrl"),
        ("wds.autoscaling.cpuPercent=101", "cpuPercent"),
        ("wds.service.type=Public", "type"),
        ("worker.storage=5 GB", "storage"),
        ("workers.scanners.replicas=1", "scanners"),
        ("massive.replicas=2", "replicas"),
        ("settings.MASSIVE_API_KEY=secret", "MASSIVE_API_KEY"),
        ("settings.LOG_LEVL=INFO", "LOG_LEVL"),
        ("image.digest=sha256:0", "digest"),
        ("reference.schedule=daily", "schedule"),
    ],
)
def test_schema_refuses_a_wrong_value_by_name(wrong: str, named: str) -> None:
    message = refusal("minimal", wrong)
    assert "values don't meet the specifications" in message
    assert named in message


@needs_helm
@pytest.mark.parametrize(
    ("values", "wrong", "named"),
    [
        ("minimal", "kafka.bootstrap=", "trial.redpanda.enabled=true"),
        ("minimal", "trial.redpanda.enabled=true", "choose one"),
        ("minimal", "redis.wdcUrl=", "redis.wdcUrl"),
        ("minimal", "secrets.massiveApiKey.name=", "secrets.massiveApiKey.name"),
        ("minimal", "wds.auth=true", "secrets.authApiKey.name"),
        ("minimal", "finlight.enabled=true", "secrets.finlightApiKey.name"),
        ("minimal", "ingress.enabled=true", "ingress.host"),
        ("minimal", "workers.quotes.replicas=9", "workers.quotes.replicas is 9, kafka.partitions 8"),
        ("production", "keda.maxReplicas=17", "keda.maxReplicas is 17, kafka.partitions 16"),
        ("production", "secrets.wdsJwtSecret.name=", "secrets.wdsJwtSecret.name"),
        ("production", "secrets.kafkaPassword.name=", "secrets.kafkaPassword.name"),
        ("production", "keda.authentication=", "keda.authentication"),
        ("production", "scp.ingress.host=", "scp.ingress.host"),
        ("production", "wds.autoscaling.maxReplicas=3", "less than wds.replicas"),
        ("trial", "kafka.replication=3", "kafka.replication must be 1"),
    ],
)
def test_values_that_do_not_go_together_are_refused(values: str, wrong: str, named: str) -> None:
    assert named in refusal(values, wrong)
