"""Names that only a framework uses: vulture must not take them for dead code."""

model_config  # pydantic reads it
_.__all__
