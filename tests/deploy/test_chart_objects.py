import re
from importlib import import_module
from typing import Any

import pytest
import yaml

from streams.platform.components import OTHER_APPS, SCANNER
from streams.scp.pages import FOLDER
from streams.scp.watched import watched
from streams.settings import Settings
from streams.worker import WorkerApp
from tests.deploy.chart import CHART, VALUE_SETS, environment, helm, needs_helm, pods, render
from tests.deploy.conftest import ROOT

pytestmark = needs_helm

APPS = (SCANNER, *OTHER_APPS)
FIELDS = Settings.model_fields
LONGEST_JOB_S = 3_600


def container(values: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = pods(render(values))[name]["spec"]["containers"][0]
    return found


def accepts(policy: dict[str, Any], labels: dict[str, str]) -> bool:
    """Tell whether a policy is about a pod."""
    selector = policy["spec"]["podSelector"]
    if any(labels.get(name) != value for name, value in selector.get("matchLabels", {}).items()):
        return False
    return all(labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", ()))


@pytest.mark.parametrize("values", VALUE_SETS)
def test_helm_finds_no_fault(values: str) -> None:
    done = helm("lint", values)
    assert (done.returncode, "ERROR" in done.stdout) == (0, False), done.stdout


@pytest.mark.parametrize("values", VALUE_SETS)
def test_every_app_has_its_workers(values: str) -> None:
    rendered = render(values)
    for app in APPS:
        worker = rendered["StatefulSet", f"md-{app}"]["spec"]
        first = worker["template"]["spec"]["containers"][0]
        assert f"streams.{app}.app" in first["command"]
        assert worker["volumeClaimTemplates"][0]["spec"]["accessModes"] == ["ReadWriteOnce"]
        assert ("Service", worker["serviceName"]) in rendered


def test_there_is_one_massive_listener_and_no_way_to_have_two() -> None:
    listener = render("production")["StatefulSet", "md-massive-listener"]["spec"]
    assert listener["replicas"] == 1
    assert helm("template", "production", "massive.replicas=2").returncode != 0
    targets = [
        each["spec"]["scaleTargetRef"] for (kind, _), each in render("production").items() if "Scale" in kind
    ]
    assert "md-massive-listener" not in {target["name"] for target in targets}


@pytest.mark.parametrize("app", APPS)
def test_workers_are_alive_while_their_partitions_are_read(app: str) -> None:
    worker = container("trial", f"StatefulSet md-{app}")
    assert worker["livenessProbe"]["httpGet"] == {"path": "/live", "port": "web"}
    assert worker["readinessProbe"]["httpGet"] == {"path": "/health", "port": "web"}
    # It asks Kafka before it says no.
    assert worker["livenessProbe"]["timeoutSeconds"] > FIELDS["kafka_timeout_s"].default
    startup = worker["startupProbe"]
    assert startup["failureThreshold"] * startup["periodSeconds"] == 600


def test_ports_are_those_of_the_settings() -> None:
    ports = {
        "StatefulSet md-massive-listener": "listener_port",
        "StatefulSet md-finlight-listener": "finlight_listener_port",
        "StatefulSet md-scanner": "worker_port",
        "Deployment md-wds": "wds_port",
        "Deployment md-scp": "scp_port",
    }
    for name, setting in ports.items():
        assert container("production", name)["ports"][0]["containerPort"] == FIELDS[setting].default


@pytest.mark.parametrize("values", VALUE_SETS)
def test_components_get_only_settings_that_exist(values: str) -> None:
    rendered = render(values)
    given = set(rendered["ConfigMap", "md-settings"]["data"])
    for pod in pods(rendered).values():
        given |= environment(pod["spec"]["containers"][0]).keys()
    assert given - {name.upper() for name in FIELDS} == set()


@pytest.mark.parametrize("values", VALUE_SETS)
def test_the_rendered_settings_are_right_for_the_platform(
    values: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = render(values)["ConfigMap", "md-settings"]["data"]
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.kafka_bootstrap == given["KAFKA_BOOTSTRAP"]


def test_large_numbers_stay_whole_numbers() -> None:
    data = render("minimal", "settings.WDS_OUTBOX_BYTES=33554432")["ConfigMap", "md-settings"]["data"]
    assert data["WDS_OUTBOX_BYTES"] == "33554432"
    written = render("production")["ConfigMap", "md-settings"]["data"]
    assert written["WDS_MAX_CLIENTS"] == "20000"


@pytest.mark.parametrize("values", VALUE_SETS)
def test_secrets_are_referred_to_and_nowhere_written(values: str) -> None:
    rendered = render(values)
    assert not any(kind == "Secret" for kind, _ in rendered)
    secret = {name.upper() for name, field in FIELDS.items() if "SecretStr" in str(field.annotation)}
    for pod in pods(rendered).values():
        for name, source in environment(pod["spec"]["containers"][0]).items():
            assert name in secret
            assert source.keys() == {"secretKeyRef"}
    assert secret & rendered["ConfigMap", "md-settings"]["data"].keys() <= {"MDC_REDIS_URL", "WDC_REDIS_URL"}


def test_each_component_gets_no_more_secrets_than_it_needs() -> None:
    expected = {
        "StatefulSet md-massive-listener": {"MASSIVE_API_KEY", "KAFKA_SASL_PASSWORD"},
        "StatefulSet md-finlight-listener": {"FINLIGHT_API_KEY", "KAFKA_SASL_PASSWORD"},
        "StatefulSet md-scanner": {"KAFKA_SASL_PASSWORD", "MDC_REDIS_URL", "WDC_REDIS_URL"},
        "Deployment md-wds": {"AUTH_API_KEY", "WDS_JWT_SECRET", "MDC_REDIS_URL", "WDC_REDIS_URL"},
        "Deployment md-scp": {
            "MASSIVE_API_KEY",
            "WDS_JWT_SECRET",
            "SCP_DATABASE_URL",
            "SCP_OIDC_CLIENT_SECRET",
            "KAFKA_SASL_PASSWORD",
            "WDC_REDIS_URL",
        },
        "CronJob md-reference": {"MASSIVE_API_KEY", "KAFKA_SASL_PASSWORD"},
    }
    topics = next(name for name in pods(render("production")) if name.startswith("Job md-topics"))
    for name, secrets in {**expected, topics: {"KAFKA_SASL_PASSWORD"}}.items():
        assert environment(container("production", name)).keys() == secrets


@pytest.mark.parametrize("values", VALUE_SETS)
def test_pods_of_the_platform_may_do_nothing_special(values: str) -> None:
    for name, pod in pods(render(values)).items():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        security = spec["containers"][0]["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security.get("readOnlyRootFilesystem", False) is (not name.endswith("-redpanda"))


@pytest.mark.parametrize("values", VALUE_SETS)
def test_volumes_that_are_mounted_are_there(values: str) -> None:
    rendered = render(values, *(("secrets.wdsKeys.name=keys",) if values == "production" else ()))
    for name, pod in pods(rendered).items():
        kind, _, bare = name.partition(" ")
        claims = rendered[kind, bare]["spec"].get("volumeClaimTemplates", ())
        there = {each["name"] for each in pod["spec"].get("volumes", ())} | {
            each["metadata"]["name"] for each in claims
        }
        assert {each["name"] for each in pod["spec"]["containers"][0]["volumeMounts"]} == there


@pytest.mark.parametrize("values", VALUE_SETS)
def test_selectors_find_their_own_pods_alone(values: str) -> None:
    rendered = render(values)
    labels = {name: pod["metadata"]["labels"] for name, pod in pods(rendered).items()}
    for (kind, name), each in rendered.items():
        if kind not in {"StatefulSet", "Deployment", "Service", "PodDisruptionBudget"}:
            continue
        selector = each["spec"]["selector"]
        wanted = selector.get("matchLabels", selector).items()
        found = {pod.split(" ")[1] for pod, given in labels.items() if wanted <= given.items()}
        assert found == {name.removesuffix("-pods")}


def test_wds_drains_before_it_stops() -> None:
    wds = pods(render("trial"))["Deployment md-wds"]["spec"]
    assert wds["containers"][0]["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "15"]
    assert wds["terminationGracePeriodSeconds"] == 30
    slow = pods(render("trial", "settings.WDS_DRAIN_S=60"))["Deployment md-wds"]["spec"]
    assert slow["terminationGracePeriodSeconds"] == 87
    rolling = render("trial")["Deployment", "md-wds"]["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxUnavailable": 0, "maxSurge": 1}


def test_autoscalers_own_the_number_of_pods() -> None:
    scaled = render("production")
    assert "replicas" not in scaled["Deployment", "md-wds"]["spec"]
    assert "replicas" not in scaled["StatefulSet", "md-scanner"]["spec"]
    assert scaled["HorizontalPodAutoscaler", "md-wds"]["spec"]["minReplicas"] == 4
    fixed = render("minimal")
    assert fixed["Deployment", "md-wds"]["spec"]["replicas"] == 1
    assert fixed["StatefulSet", "md-scanner"]["spec"]["replicas"] == 2


@pytest.mark.parametrize("app", APPS)
def test_keda_watches_the_group_and_topics_of_the_app(app: str) -> None:
    scaled = render("production")["ScaledObject", f"md-{app}"]["spec"]
    triggers = [trigger["metadata"] for trigger in scaled["triggers"]]
    platform: WorkerApp = import_module(f"streams.{app}.app").app
    assert {trigger["consumerGroup"] for trigger in triggers} == {platform.conf.id}
    sources = {topic for agent in platform.agents.values() for topic in agent.channel.topics}
    assert {trigger["topic"] for trigger in triggers} <= sources
    assert len(triggers) == (2 if app == "bars" else 1)
    assert scaled["maxReplicaCount"] == 16


def test_whoever_speaks_to_kafka_knows_who_signs_its_certificates() -> None:
    rendered = render("production")
    assert rendered["ConfigMap", "md-settings"]["data"]["KAFKA_SSL_CAFILE"] == "/etc/kafka/ca.crt"
    for name, pod in pods(rendered).items():
        (found,) = pod["spec"]["containers"]
        mounted = {each["mountPath"] for each in found["volumeMounts"]}
        assert ("/etc/kafka" in mounted) == ("KAFKA_SASL_PASSWORD" in environment(found)), name


@pytest.mark.parametrize("values", ["trial", "production"])
def test_only_the_wds_is_open(values: str) -> None:
    rendered = render(values)
    policies = [each for (kind, _), each in rendered.items() if kind == "NetworkPolicy"]
    for name, pod in pods(rendered).items():
        about = [policy for policy in policies if accepts(policy, pod["metadata"]["labels"])]
        assert about, name
        rules = [rule for policy in about for rule in policy["spec"].get("ingress", ())]
        is_open = any("from" not in rule for rule in rules)
        assert is_open is (values == "trial" and name == "Deployment md-wds")


def test_ingress_leads_to_the_websocket_alone() -> None:
    ingress = render("production")["Ingress", "md-wds"]
    paths = ingress["spec"]["rules"][0]["http"]["paths"]
    assert [(each["path"], each["pathType"]) for each in paths] == [("/ws", "Exact")]
    assert int(ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-read-timeout"]) >= 3_600
    assert ingress["spec"]["tls"][0]["hosts"] == ["stream.example.com"]


def test_ingress_leads_to_the_page_and_its_api_and_no_further() -> None:
    ingress = render("production", "scp.ingress.annotations.issuer=internal")["Ingress", "md-scp"]
    assert ingress["metadata"]["annotations"] == {"issuer": "internal"}
    paths = {each["path"]: each["pathType"] for each in ingress["spec"]["rules"][0]["http"]["paths"]}
    assert paths.pop("/") == "Exact"
    files = {f"/{path.name}" for path in FOLDER.iterdir()}
    assert set(paths) == {*files, "/api"}


def test_ingress_leads_to_what_is_asked_over_http_where_that_is_wanted() -> None:
    ingress = render("production", "ingress.http=true")["Ingress", "md-wds"]
    paths = {each["path"]: each["pathType"] for each in ingress["spec"]["rules"][0]["http"]["paths"]}
    exact, prefixes = ("/ws", "/events", "/asyncapi", "/openapi.json"), ("/feeds", "/quotes", "/news")
    assert paths == dict.fromkeys(exact, "Exact") | dict.fromkeys(prefixes, "Prefix")


def test_the_control_plane_knows_every_component() -> None:
    config = render("production")["ConfigMap", "md-scp"]["data"]
    found = watched(Settings(scp_components=config["SCP_COMPONENTS"].split(",")))
    names = [each.name for each in found]
    assert names[:2] == ["finlight-listener", "massive-listener"]
    assert [name for name in names if name.startswith("scanner")] == [
        f"scanner-worker-{number}" for number in (1, 2, 3, 4)
    ]
    assert names[-1] == "wds"
    assert (
        render("production")["Service", found[-1].url.split("/")[2].split(":")[0]]["spec"]["clusterIP"]
        == "None"
    )
    services = {name for kind, name in render("production") if kind == "Service"}
    assert {each.url.split("/")[2].split(":")[0].split(".")[-1] for each in found} <= services


def test_accounts_are_kept_in_a_volume_or_in_a_database_elsewhere() -> None:
    assert ("PersistentVolumeClaim", "md-scp") not in render("production")
    own = render("production", "secrets.scpDatabaseUrl.name=")
    assert own["PersistentVolumeClaim", "md-scp"]["spec"]["resources"]["requests"]["storage"] == "1Gi"
    assert own["Deployment", "md-scp"]["spec"]["strategy"] == {"type": "Recreate"}


def test_nodes_are_drained_one_worker_at_a_time() -> None:
    rendered = render("trial")
    for component in ("wds", *APPS):
        assert rendered["PodDisruptionBudget", f"md-{component}"]["spec"]["maxUnavailable"] == 1


def test_reference_data_is_loaded_before_the_day_and_at_the_first_install() -> None:
    cron = render("trial")["CronJob", "md-reference"]["spec"]
    assert (cron["schedule"], cron["timeZone"]) == ("0 3 * * 1-5", "America/New_York")
    assert cron["concurrencyPolicy"] == "Forbid"
    assert cron["jobTemplate"]["spec"]["activeDeadlineSeconds"] <= LONGEST_JOB_S
    assert ("Job", "md-reference") in render("trial")
    assert ("Job", "md-reference") not in render("trial", is_upgrade=True)


def test_trial_broker_has_the_settings_of_short_retention() -> None:
    held = render("trial")["ConfigMap", "md-redpanda"]["data"][".bootstrap.yaml"]
    assert yaml.safe_load(held) == yaml.safe_load((CHART.parents[1] / "redpanda/broker.yaml").read_text())


def test_boards_of_ones_own_reach_the_workers() -> None:
    rendered = render("production")
    assert "screeners.toml" in rendered["ConfigMap", "md-screeners"]["data"]
    folder = rendered["ConfigMap", "md-settings"]["data"]["SCREENERS_FILE"].rpartition("/")[0]
    mounts = container("production", "StatefulSet md-scanner")["volumeMounts"]
    assert folder in {each["mountPath"] for each in mounts}


def checksum(workload: str, *sets: str) -> str:
    return str(pods(render("minimal", *sets))[workload]["metadata"]["annotations"]["checksum/settings"])


@pytest.mark.parametrize(
    ("changed", "started_anew"),
    [
        ("settings.LOG_LEVEL=DEBUG", {"listener", "worker", "wds"}),
        ("settings.RECORD_LINGER_MS=5", {"listener"}),
        ("settings.BOARD_INTERVAL_S=5", {"worker"}),
        ("wds.allowedOrigins={https://example.com}", {"wds"}),
    ],
)
def test_changed_settings_start_the_pods_anew_that_read_them(changed: str, started_anew: set[str]) -> None:
    workloads = {
        "listener": "StatefulSet md-massive-listener",
        "worker": "StatefulSet md-scanner",
        "wds": "Deployment md-wds",
    }
    found = {name for name, each in workloads.items() if checksum(each) != checksum(each, changed)}
    assert found == started_anew


@pytest.mark.parametrize(
    ("kind", "sources"),
    [
        ("listener", ["listeners"]),
        ("worker", [*APPS, "halts", "emit", "state", "worker.py"]),
        ("wds", ["wds"]),
    ],
)
def test_no_setting_that_a_component_reads_passes_for_anothers(kind: str, sources: list[str]) -> None:
    helpers = (CHART / "templates" / "_helpers.tpl").read_text()
    (others,) = re.findall(rf'^  "{kind}" "(\S+)"', helpers, re.MULTILINE)
    folders = [ROOT / "streams" / source for source in sources]
    files = [file for each in folders for file in (each.rglob("*.py") if each.is_dir() else [each])]
    read = {name.upper() for file in files for name in re.findall(r"settings\.(\w+)", file.read_text())}
    assert [name for name in read & {name.upper() for name in FIELDS} if re.match(others, name)] == []


def test_what_a_board_of_ones_own_is_starts_nothing_anew() -> None:
    one, other = (checksum("StatefulSet md-scanner", f"screeners={name}") for name in ("one", "other"))
    assert one == other


def test_helm_can_patch_a_job_that_it_meets_again_for_kubernetes_makes_nothing_of_it_up() -> None:
    jobs = {name: each["spec"] for (kind, name), each in render("production").items() if kind == "Job"}
    assert len(jobs) == 2
    for name, job in jobs.items():
        selector = job["selector"]["matchLabels"]
        assert job["manualSelector"] is True
        assert selector["market-streams/job"] == name
        assert selector.items() <= job["template"]["metadata"]["labels"].items()
    cron = render("production")["CronJob", "md-reference"]["spec"]["jobTemplate"]["spec"]
    assert "market-streams/job" not in cron["template"]["metadata"]["labels"]


def test_whoever_renders_without_revisions_gets_another_job_for_other_topics() -> None:
    def job(*sets: str) -> str:
        return next(name for kind, name in render("trial", *sets) if kind == "Job" and "topics" in name)

    assert job() != job("kafka.partitions=16")
    assert job().startswith("md-topics-1-")
