"""The platform's settings: every environment variable it reads, in one class."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from streams.errors import SettingsError
from streams.sessions import DAY_START
from streams.topics import Topic

Port = Annotated[int, Field(ge=0, le=65_535)]


class Settings(BaseSettings):
    """Settings, each read from the environment variable of its upper-case name.

    Times are in the unit that the name ends in; sizes are bytes.
    """

    model_config = SettingsConfigDict(env_file=None, extra="ignore", populate_by_name=True)

    # Kafka
    kafka_bootstrap: str = Field("localhost:9092", description="Kafka's host:port, several by comma")
    kafka_topic_prefix: str = Field("md.", description="what every topic's name starts with")
    kafka_partitions: int = Field(8, ge=1, description="partitions of the market data topics")
    kafka_replication: int = Field(1, ge=1, description="replicas of each topic")
    kafka_timeout_s: float = Field(10.0, gt=0, description="longest wait for an answer of Kafka")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="SSL for TLS, SASL_SSL for TLS and a login, SASL_PLAINTEXT for a login alone"
    )
    kafka_ssl_cafile: Path | None = Field(
        None, description="who signs the brokers' certificates (PEM); else those whom the machine trusts"
    )
    kafka_ssl_certfile: Path | None = Field(
        None, description="certificate chain of our own (PEM), for brokers that ask for one …"
    )
    kafka_ssl_keyfile: Path | None = Field(None, description="… and its key, where that is another file")
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-256", description="how we log in to the brokers"
    )
    kafka_sasl_username: str | None = Field(None, description="the name that we log in with …")
    kafka_sasl_password: SecretStr | None = Field(None, description="… and its password")

    # Redis
    mdc_redis_url: SecretStr = Field(
        SecretStr("redis://localhost:6379/0"), description="Redis of the newest raw events"
    )
    wdc_redis_url: SecretStr = Field(
        SecretStr("redis://localhost:6379/1"), description="Redis of the widget feeds"
    )
    redis_timeout_s: float = Field(5.0, gt=0, description="longest wait for an answer of Redis")

    # Massive
    massive_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("massive_api_key", "polygon_api_key"),
        description="the vendor's key; else POLYGON_API_KEY, else the key file",
    )
    massive_api_key_file: Path | None = Field(None, description="file that holds the vendor's key")
    massive_feed: str = Field(
        "socket.massive.com",
        description="host of the vendor's WebSocket; ws://HOST:PORT for one without TLS",
    )
    massive_rest_url: str = Field("https://api.massive.com", description="base of the vendor's REST")
    massive_market: str = Field("stocks", description="stocks, crypto, forex, …")
    massive_subscriptions: Annotated[list[str], NoDecode] = Field(
        ["T.*", "Q.*", "A.*", "AM.*", "LULD.*"], description="channels to subscribe, by comma"
    )

    # Reference data
    reference_calls_per_minute: int = Field(
        300, ge=0, description="most calls of the vendor's REST in any minute: the plan's; 0 = no limit"
    )
    reference_load_at: time = Field(
        time(3), description="when streams up loads it on days with a session, New York time, before 04:00"
    )

    # Finlight
    finlight_api_key: SecretStr | None = Field(None, description="the news vendor's key")
    finlight_feed: str = Field("wss://wss.finlight.me", description="the news vendor's WebSocket")
    finlight_query: str | None = Field(None, description="what articles must be about, in the vendor's words")
    finlight_tickers: Annotated[list[str], NoDecode] = Field(
        [], description="tickers that articles must name, by comma; empty for all (enhanced stream only)"
    )
    finlight_sources: Annotated[list[str], NoDecode] = Field(
        [], description="sources that articles must come from, by comma; empty for the vendor's defaults"
    )
    finlight_language: str | None = Field("en", description="language of the articles; empty for all")
    finlight_raw: bool = Field(
        False, description="the raw stream: sooner, and without the companies that articles name"
    )

    # Listeners
    listener_port: Port = Field(4200, description="control API of the Massive listener")
    finlight_listener_port: Port = Field(4203, description="control API of the Finlight listener")
    listener_autostart: bool = Field(True, description="connect to the vendor at start")
    record_linger_ms: float = Field(20.0, ge=0, description="a record closes after this time …")
    record_max_bytes: int = Field(65_536, ge=1_024, description="… or at this size")
    listener_buffer_bytes: int = Field(
        256 * 1024 * 1024,
        ge=1024 * 1024,
        description="most that waits for Kafka; beyond it the oldest goes, counted",
    )
    listener_host: str = Field("127.0.0.1", description="address of the listeners' control APIs")
    listener_handover_bytes: int = Field(
        64 * 1024 * 1024,
        ge=64 * 1024,
        description="most that waits to be split; beyond it the oldest frames go, counted",
    )
    listener_silence_s: float = Field(
        30.0, ge=0, description="in regular trading a feed silent for this long is connected anew; 0 = never"
    )
    reconnect_first_s: float = Field(0.5, gt=0, description="longest first wait before connecting again")
    reconnect_longest_s: float = Field(10.0, gt=0, description="longest wait while the market is open …")
    reconnect_closed_longest_s: float = Field(60.0, gt=0, description="… and while it is closed")
    reconnect_stable_s: float = Field(
        10.0, ge=0, description="a connection that lasted this long starts the waits over"
    )

    # Workers
    worker_port: Port = Field(4201, description="web port of the first Faust worker")
    worker_session_timeout_s: float = Field(
        10.0, ge=1, description="after this long without a heartbeat a worker's partitions go to others"
    )
    worker_stall_s: float = Field(
        120.0, gt=0, description="a worker that leaves a partition unread for so long is not alive: GET /live"
    )
    data_dir: Path = Field(Path(".run/data"), description="parent of the workers' RocksDB directories")
    flush_interval_s: float = Field(1.0, gt=0, description="shortest time between two flushes of a table")
    publish_interval_s: float = Field(0.1, gt=0, description="shortest time between two values of a feed")
    board_interval_s: float = Field(1.0, gt=0, description="shortest time between two boards")
    screeners_file: Path | None = Field(
        None, description="definitions of user-defined boards, read again whenever they change"
    )
    bar_interval_s: float = Field(
        1.0,
        gt=0,
        description="shortest time between two values of a running minute bar; longer ones: 5 and 15 times",
    )
    bars_from_trades: bool = Field(
        True, description="whether trades make the minute bars that the vendor does not send"
    )
    top_trades_interval_s: float = Field(5.0, gt=0, description="time between two values of top trades")
    volume_curves_quiet_s: float = Field(
        600.0, gt=0, description="a day whose last bar came so long ago is over: its volumes are kept then"
    )
    emit_max_keys: int = Field(
        50_000, ge=1, description="most keys of a feed that wait for Redis; further ones go, counted"
    )
    emit_max_entries: int = Field(
        20_000, ge=1, description="most list entries that wait for Redis; beyond it the oldest goes, counted"
    )

    # WDS
    wds_host: str = Field("0.0.0.0", description="address that the WDS listens on")  # noqa: S104  a public edge
    wds_port: Port = Field(4202, description="port of the WDS")
    wds_workers: int = Field(
        1, ge=1, le=64, description="processes that share the WDS's port; limits of clients are each one's"
    )
    wds_own_port: Port = Field(
        4240,
        description="where there are several: port on which the first answers alone (/health, /metrics), the "
        "others on the next ones; 0 = any that are free",
    )
    wds_worker: int | None = Field(
        None, ge=1, description="which of several this process is: given by streams wds --workers"
    )
    wds_own_ports: Annotated[list[Port], NoDecode] = Field(
        [], description="where each of several answers alone, by comma: given by streams wds --workers"
    )
    auth_enabled: bool = Field(True, description="whether clients of the WDS need a key")
    auth_api_key: SecretStr | None = Field(None, description="the key of the WDS's clients")
    wds_keys_file: Path | None = Field(
        None, description="file of further keys, each with its feeds and limits: streams wds keys"
    )
    wds_jwt_secret: SecretStr | None = Field(
        None, description="what tokens of clients are signed with (HS256), 32 bytes at least"
    )
    wds_jwt_audience: str | None = Field(None, description="what the aud of tokens must be; else whatever")
    wds_jwt_max_s: float = Field(3_600.0, gt=0, description="longest life of a token")
    wds_allowed_origins: Annotated[list[str], NoDecode] = Field(
        ["*"], description="origins whose pages may connect, by comma, wildcards allowed"
    )
    wds_trusted_proxies: Annotated[list[str], NoDecode] = Field(
        [], description="addresses of proxies whose X-Forwarded-For and -Proto are believed, by comma"
    )
    wds_ssl_certfile: Path | None = Field(None, description="certificate chain (PEM), to serve over TLS")
    wds_ssl_keyfile: Path | None = Field(None, description="the certificate's key, where it is a file apart")
    wds_auth_timeout_s: float = Field(
        10.0, gt=0, description="time a client has to ask for its WebSocket, and then to authenticate"
    )
    wds_max_message_bytes: int = Field(65_536, ge=128, description="largest message of a client")
    wds_max_clients: int = Field(10_000, ge=1, description="most clients at a time, of one process")
    wds_max_clients_per_address: int = Field(
        5_000, ge=1, description="most clients at a time from one address (of IPv6: one /64), of one process"
    )
    wds_max_subscriptions: int = Field(1_000, ge=1, description="most subscriptions of a client")
    wds_max_option_sets: int = Field(
        16, ge=1, description="most different sets of options (fields, delta …) of a client's subscriptions"
    )
    wds_max_streams: int = Field(
        20_000, ge=1, description="most feeds that are made up by options, over all clients, of one process"
    )
    wds_max_snapshot_keys: int = Field(
        1_000, ge=1, description="most feeds of a wildcard that a client is sent snapshots of"
    )
    wds_max_requests_per_s: float = Field(
        200.0, gt=0, description="requests of a client in the long run; beyond it they wait …"
    )
    wds_request_burst: int = Field(2_000, ge=1, description="… after so many at once")
    wds_rest_per_s: float = Field(
        20.0, gt=0, description="REST requests of a client in the long run; beyond it: 429 …"
    )
    wds_rest_burst: int = Field(100, ge=1, description="… after so many at once")
    wds_drain_s: float = Field(
        3.0, ge=0, description="over this time a WDS that stops sends its clients away, one after the other"
    )
    wds_stale_after_s: float = Field(
        60.0,
        ge=0,
        description="in regular trading /health objects to a board that is this much late; 0 = never",
    )
    wds_ping_interval_s: float = Field(20.0, gt=0, description="time between two pings to a client")
    wds_ping_timeout_s: float = Field(
        20.0, gt=0, description="a client that answers no ping for this long is cut off"
    )
    wds_compression_level: int = Field(
        3, ge=0, le=9, description="zlib's level for clients that take compressed messages; 0 = none"
    )
    wds_compression_min_bytes: int = Field(
        1_024, ge=0, description="messages below this go uncompressed: they fit into a packet anyhow"
    )
    wds_outbox_bytes: int = Field(
        32 * 1024 * 1024, ge=1024 * 1024, description="most that waits for a client; beyond it it is cut off"
    )
    wds_outbox_entries: int = Field(
        2_000, ge=1, description="most list entries that wait for a client; beyond it it is cut off"
    )
    wds_slow_after_s: float = Field(
        10.0, gt=0, description="a client that takes nothing for this long is cut off"
    )

    # SCP
    scp_host: str = Field(
        "127.0.0.1",
        description="address that the SCP listens on; elsewhere only behind TLS: SCP_SSL_CERTFILE",
    )
    scp_port: Port = Field(8000, description="port of the SCP")
    scp_public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#\s]+(/[^?#\s]*)?$",
        description="where browsers reach the SCP, such as https://scan.example.com; else as they ask",
    )
    scp_allowed_hosts: Annotated[list[str], NoDecode] = Field(
        ["*"], description="host names under which browsers may ask for the SCP, by comma"
    )
    scp_trusted_proxies: Annotated[list[str], NoDecode] = Field(
        [], description="addresses of proxies whose X-Forwarded-For and -Proto are believed, by comma"
    )
    scp_ssl_certfile: Path | None = Field(None, description="certificate chain (PEM), to serve over TLS")
    scp_ssl_keyfile: Path | None = Field(None, description="the certificate's key, where it is a file apart")
    scp_database_url: SecretStr | None = Field(
        None, description="postgresql://USER:PASSWORD@HOST/NAME; else SQLite in the data directory"
    )
    scp_components: Annotated[list[str], NoDecode] = Field(
        [],
        description="components to watch, by comma: NAME=http://HOST:PORT; else the listeners and the WDS",
    )
    scp_anonymous_role: Literal["viewer", "trader", "operator", "admin"] | None = Field(
        None, description="what anyone may do who has not logged in; unset: nothing"
    )
    scp_wds_public_url: str | None = Field(
        None, description="where browsers reach the WDS: wss://HOST/ws; else the SCP's host and WDS_PORT"
    )
    scp_token_s: float = Field(600.0, ge=10, description="life of the WDS tokens that browsers get, seconds")
    scp_session_max_s: float = Field(
        7 * 86_400.0, gt=0, description="a login ends after this time, in seconds …"
    )
    scp_session_idle_s: float = Field(43_200.0, gt=0, description="… or when it was unused for this long")
    scp_new_password: SecretStr | None = Field(
        None, description="password that commands give a new account, where nobody is there to type it"
    )
    scp_oidc_issuer: str | None = Field(None, description="OIDC provider that people log in with")
    scp_oidc_client_id: str | None = Field(None, description="what that provider calls this platform")
    scp_oidc_client_secret: SecretStr | None = Field(None, description="the secret shared with it")
    scp_oidc_scopes: Annotated[list[str], NoDecode] = Field(
        ["openid", "profile", "email"], description="what it is asked for, by comma"
    )
    scp_oidc_role_claim: str = Field(
        "groups", description="the claim that roles come from; one in another by a dot …"
    )
    scp_oidc_roles: Annotated[list[str], NoDecode] = Field(
        [], description="… and how, by comma: VALUE=ROLE; the highest role counts"
    )
    scp_oidc_default_role: Literal["viewer", "trader", "operator", "admin"] | None = Field(
        None, description="role of people for whom no value is named; unset: they are refused"
    )
    scp_calls_per_minute: int = Field(
        60, ge=0, description="most calls of the vendor's REST for companies, in any minute; 0 = no limit"
    )
    scp_screeners_per_user: int = Field(20, ge=0, description="most screeners that a user keeps")
    scp_screeners_max: int = Field(
        200, ge=0, le=400, description="most screeners of all users: the workers make all their boards"
    )
    scp_audit_days: int = Field(365, ge=1, description="how long what was done is remembered")

    # Local stack
    cache_dir: Path | None = Field(None, description="where downloads are kept; else the user's cache folder")
    maven_url: str | None = Field(None, description="Maven repository of Kafka's jars; else the central one")

    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_format: Literal["text", "json"] = Field(
        "text", description="text, or json: one object a line, with the id of the trace that it belongs to"
    )

    # Traces
    otel_exporter_otlp_endpoint: str | None = Field(
        None,
        description="collector of traces (OTLP over HTTP), such as http://localhost:4318; else none",
    )
    otel_traces_sampler_arg: float = Field(
        0.001, ge=0, le=1, description="share of the listeners' records that are traced to the clients"
    )
    otel_sdk_disabled: bool = Field(False, description="no traces, whatever else is set")

    @field_validator(
        "massive_subscriptions",
        "finlight_tickers",
        "finlight_sources",
        "wds_own_ports",
        "wds_allowed_origins",
        "wds_trusted_proxies",
        "scp_allowed_hosts",
        "scp_trusted_proxies",
        "scp_components",
        "scp_oidc_scopes",
        "scp_oidc_roles",
        mode="before",
    )
    @classmethod
    def _split_by_comma(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("reference_load_at")
    @classmethod
    def _before_the_day(cls, value: time) -> time:
        if value.tzinfo is not None or value >= DAY_START:
            raise ValueError("a time of New York before 04:00, such as 03:00")
        return value

    def topic(self, topic: Topic) -> str:
        """Return the full name of ``topic`` in this installation."""
        return f"{self.kafka_topic_prefix}{topic.suffix}"

    def partitions(self, topic: Topic) -> int:
        """Return how many partitions ``topic`` has in this installation."""
        return 1 if topic.single_partition else self.kafka_partitions

    def vendor_key(self) -> SecretStr:
        """Return Massive's key, from the environment or else the key file.

        Raises:
            SettingsError: There is none, or the file cannot be read.
        """
        if self.massive_api_key is not None:
            return self.massive_api_key
        if self.massive_api_key_file is None:
            raise SettingsError("no vendor key: set MASSIVE_API_KEY or MASSIVE_API_KEY_FILE")
        try:
            return SecretStr(self.massive_api_key_file.read_text().strip())
        except OSError as error:
            raise SettingsError(f"cannot read MASSIVE_API_KEY_FILE: {error.strerror}") from None


def load() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: A variable has a wrong value; the message names each, never its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(f"wrong setting: {faults}") from None
