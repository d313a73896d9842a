"""What a simulator is told: its market, its pace and its ports."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from streams.settings import Port


class SimOptions(BaseModel):
    """Options of the simulator. With ``input`` it plays a recording, else a synthetic market."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    symbols: int = Field(8_000, ge=1, le=100_000, description="listings of the synthetic market")
    rate: float = Field(
        20_000.0,
        ge=0,
        le=5_000_000,
        description="events per second of real time in regular trading; 30 % in pre-market, 20 % after",
    )
    speed: float = Field(
        1.0, ge=0, le=1_000, description="event time for real time; 0 plays a recording as fast as it goes"
    )
    seed: int = Field(7, ge=0, description="what all randomness comes from")
    start: datetime | None = Field(
        None, description="first second (no zone: New York time); default 09:25 ET of the last whole session"
    )
    halts_per_hour: float = Field(60.0, ge=0, le=3_600, description="halts by news, beside those by bands")
    input: Path | None = Field(None, description="recorded frames, one JSON array a line, may be gzip")
    reference: Path | None = Field(
        None, description="reference data for recorded symbols, one JSON object a line"
    )
    news_rate: float = Field(
        30.0, ge=0, le=600_000, description="articles a minute of event time of the synthetic newswire"
    )
    news: Path | None = Field(
        None, description="recorded articles, one JSON object a line, may be gzip; else synthetic ones"
    )
    held: bool = Field(
        False, description="whether recordings wait before their first frame until told to play"
    )
    loop: bool = Field(False, description="play the recording again and again")
    host: str = Field("127.0.0.1", description="address of both ports")
    ws_port: Port = Field(0, description="port of the WebSocket server; 0 takes a free one")
    rest_port: Port = Field(0, description="port of the REST server; 0 takes a free one")
    news_port: Port = Field(0, description="port of the newswire's WebSocket server; 0 takes a free one")
    api_key: SecretStr | None = Field(None, description="the only key that is let in; None lets any in")
    news_api_key: SecretStr | None = Field(None, description="the newswire's; None lets any in")
    rest_calls_per_minute: int | None = Field(
        None, ge=1, description="REST calls in any minute; further ones are refused; None for no limit"
    )
    max_connections: int = Field(1, ge=1, description="connections per key and market")
    outbox_bytes: int = Field(
        64 * 1024 * 1024, ge=1_024, description="how far a client may fall behind before it is cut off"
    )
    deflate: bool = Field(False, description="whether clients may ask for permessage-deflate")
