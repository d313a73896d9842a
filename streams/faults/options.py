"""What a run of faults is told."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

LEAST_S = 6
DEADLINE_S = 840


class FaultsOptions(BaseModel):
    """Options of a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    only: tuple[str, ...] = Field((), description="names of the faults to make; empty for all")
    short: bool = Field(False, description="just the most telling ones, in about a minute")
    seconds: int = Field(LEAST_S, ge=4, le=120, description="least time that the market goes on for a fault")
    deadline: float = Field(DEADLINE_S, gt=0, description="most seconds for all of it")
    logs: Path | None = Field(None, description="folder that the processes' logs are copied to at the end")
    rate: float = Field(20_000.0, gt=0, le=1_000_000, description="events a second")
    symbols: int = Field(2_000, ge=10, le=20_000, description="listings that trade")
    seed: int = Field(7, ge=0, description="what all randomness comes from")
