"""A broker that speaks TLS and asks for a login: whoever speaks to Kafka gets in, or says what to look at."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from streams import kafka_link, topics
from streams.errors import SettingsError, UnavailableError
from streams.listeners.idempotent import IdempotentProducer
from streams.local.kafka import KafkaServer
from streams.local.process import free_port
from streams.local.quorum import Quorum
from streams.platform.kafka_checkup import examine_kafka
from streams.reference.whole_topic import read_partitions
from streams.settings import Settings, load
from streams.topic_admin import create_topics
from streams.writer import RecordWriter
from tests.integration.workers import Workers, eventually

NAME, PASSWORD = "streams", "a password of the test"
BAR = {"ev": "A", "sym": "ABC", "v": 100, "av": 100, "op": 1, "vw": 1, "o": 1, "c": 1, "h": 1, "l": 1, "a": 1,
       "z": 100, "s": 1_772_463_600_000, "e": 1_772_463_601_000}  # fmt: skip


class ProtectedKafka(KafkaServer):
    """A broker with a second port, for TLS and logins."""

    def __init__(self, folder: Path, pem: Path) -> None:
        super().__init__(folder=folder)
        self._pem = pem
        self.protected = f"127.0.0.1:{free_port()}"

    def _prepare_folder(self, quorum: Quorum) -> Path:
        folder = super()._prepare_folder(quorum)
        module = "org.apache.kafka.common.security.plain.PlainLoginModule"
        lines = dict(
            line.split("=", 1) for line in (folder / "server.properties").read_text().splitlines() if line
        )
        for name in ("listeners", "advertised.listeners"):
            lines[name] += f",PROTECTED://{self.protected}"
        lines["listener.security.protocol.map"] += ",PROTECTED:SASL_SSL"
        of = "listener.name.protected."
        lines |= {
            f"{of}sasl.enabled.mechanisms": "PLAIN",
            f"{of}plain.sasl.jaas.config": f'{module} required user_{NAME}="{PASSWORD}";',
            f"{of}ssl.keystore.type": "PEM",
            f"{of}ssl.keystore.location": str(self._pem),
        }
        (folder / "server.properties").write_text("".join(f"{key}={lines[key]}\n" for key in lines))
        return folder


@pytest_asyncio.fixture(scope="module")
async def settings(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Settings]:
    """Return settings that get in."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    folder = tmp_path_factory.mktemp("protected")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    made = (openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject)
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    (folder / "both.pem").write_text(key.read_text() + certificate.read_text())
    async with ProtectedKafka(folder / "broker", folder / "both.pem") as broker:
        yield Settings(
            kafka_bootstrap=broker.protected,
            kafka_topic_prefix="protected.",
            kafka_partitions=2,
            kafka_security_protocol="SASL_SSL",
            kafka_ssl_cafile=certificate,
            kafka_sasl_mechanism="PLAIN",
            kafka_sasl_username=NAME,
            kafka_sasl_password=SecretStr(PASSWORD),
        )


async def test_listener_worker_and_tools_get_in(settings: Settings, redis_url: str, tmp_path: Path) -> None:
    await create_topics(settings)
    listener = IdempotentProducer(settings)
    await listener.connect()
    await listener.stop()
    writer = RecordWriter(settings)
    bars = settings.topic(topics.AGGREGATES)
    assert await writer.write(bars, 0, [(b"", json.dumps([BAR]).encode())]) is not None
    await writer.close()
    assert len([record async for record in read_partitions(settings, bars, [0, 1])]) == 1
    url = SecretStr(redis_url)
    worked = settings.model_copy(
        update={"mdc_redis_url": url, "wdc_redis_url": SecretStr(f"{redis_url.rpartition('/')[0]}/1")}
    )
    async with Workers("streams.scanner.app", worked, tmp_path) as workers:
        worker = await workers.start()

        async def has_counted() -> bool:
            health = await worker.health()
            return health is not None and health["counters"].get("events_processed") == 1

        await eventually(has_counted)
        checks = {check.name: check for check in await examine_kafka(settings)}
        assert checks["topics"].ok
        assert checks["app scanner"].ok


async def test_a_wrong_password_is_told_and_not_repeated(settings: Settings) -> None:
    wrong = settings.model_copy(update={"kafka_sasl_password": SecretStr("another password")})
    with pytest.raises(UnavailableError, match="is KAFKA_BOOTSTRAP, are KAFKA_SECURITY_PROTOCOL") as told:
        await create_topics(wrong)
    assert "another password" not in str(told.value)


async def test_a_broker_whose_certificate_nobody_knows_is_not_trusted(settings: Settings) -> None:
    strange = settings.model_copy(update={"kafka_ssl_cafile": None, "kafka_timeout_s": 5.0})
    with pytest.raises(UnavailableError, match="its certificates"):
        await create_topics(strange)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"),
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CAFILE": "/nowhere/ca.crt"}, "KAFKA_SSL_CAFILE"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CERTFILE": "/nowhere/tls.crt"}, "KAFKA_SSL_CERTFILE"),
    ],
)
def test_what_is_incomplete_is_told(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], told: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=told):
        kafka_link.options(load())


def test_a_file_that_holds_no_certificate_is_told(tmp_path: Path) -> None:
    file = tmp_path / "ca.crt"
    file.write_text("nothing of the kind\n")
    with pytest.raises(SettingsError, match="KAFKA_SSL_CAFILE"):
        kafka_link.options(Settings(kafka_security_protocol="SSL", kafka_ssl_cafile=file))
