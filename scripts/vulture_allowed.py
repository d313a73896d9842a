"""Names that only a framework uses: vulture must not take them for dead code."""

model_config  # pydantic reads it
_.__all__
_.capture_signals  # uvicorn calls these and reads those
_.should_exit
_.handle_parser_exception
_.close_timer
