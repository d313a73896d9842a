"""Connections to Kafka, made alike everywhere: where it is, what protects them, how long answers may take."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer

from streams.errors import SettingsError, UnavailableError
from streams.settings import Settings

TLS: Final = ("SSL", "SASL_SSL")
MAX_WAIT_MS: Final = 500
"""How long a broker may hold a fetch that finds nothing: what aiokafka has it do."""
LOGIN: Final = ("SASL_PLAINTEXT", "SASL_SSL")


def options(settings: Settings) -> dict[str, Any]:
    """Return what every client of aiokafka is made with.

    Raises:
        SettingsError: There is no login, or a certificate or key cannot be used.
    """
    found: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "request_timeout_ms": int(settings.kafka_timeout_s * 1000),
        "security_protocol": settings.kafka_security_protocol,
        "ssl_context": _ssl_context(settings),
    }
    if settings.kafka_security_protocol in LOGIN:
        name, password = settings.kafka_sasl_username, settings.kafka_sasl_password
        if name is None or password is None:
            raise SettingsError(
                f"KAFKA_SECURITY_PROTOCOL={settings.kafka_security_protocol} needs "
                "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"
            )
        found |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": name,
            "sasl_plain_password": password.get_secret_value(),
        }
    return found


@asynccontextmanager
async def reader(settings: Settings, *, max_wait_ms: int = MAX_WAIT_MS) -> AsyncIterator[AIOKafkaConsumer]:
    """Yield a started consumer that is of no group: it commits nothing, and begins at the oldest record.

    Args:
        settings: Where Kafka is.
        max_wait_ms: How long the broker may hold a fetch that finds nothing. Whatever else is asked waits
            behind it.

    Raises:
        KafkaError: Kafka cannot be reached.
        TimeoutError: It does not answer within ``kafka_timeout_s``.
    """
    consumer = AIOKafkaConsumer(
        **options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=max_wait_ms,
    )
    try:
        async with asyncio.timeout(settings.kafka_timeout_s):
            await consumer.start()
        yield consumer
    finally:
        await asyncio.wait_for(consumer.stop(), settings.kafka_timeout_s)


def unavailable(settings: Settings, why: str) -> UnavailableError:
    """Return what is raised where Kafka does not answer. aiokafka keeps to itself whether it refused us."""
    guarded = settings.kafka_security_protocol != "PLAINTEXT"
    hint = ", are KAFKA_SECURITY_PROTOCOL, its certificates and its login" if guarded else ""
    return UnavailableError(
        f"Kafka at {settings.kafka_bootstrap} is not available ({why}): "
        f"is it running, is KAFKA_BOOTSTRAP{hint} right?"
    )


def _ssl_context(settings: Settings) -> ssl.SSLContext | None:
    if settings.kafka_security_protocol not in TLS:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ssl_cafile)
    except OSError as error:
        raise SettingsError(f"KAFKA_SSL_CAFILE cannot be used: {error.strerror or error}") from None
    if settings.kafka_ssl_certfile is not None:
        try:
            context.load_cert_chain(settings.kafka_ssl_certfile, settings.kafka_ssl_keyfile)
        except OSError as error:
            raise SettingsError(
                f"KAFKA_SSL_CERTFILE or KAFKA_SSL_KEYFILE cannot be used: {error.strerror or error}"
            ) from None
    return context
