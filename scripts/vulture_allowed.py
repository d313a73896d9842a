"""Names that vulture must not take for dead code, with who uses them. Nothing is done here."""

# Fields of the vendor's messages: decoded, and passed on whole (events.py).
_.x, _.q, _.b, _.trfi, _.trft, _.bp, _.bs, _.ap, _.as_, _.bx, _.ax, _.fmv
# Fields of a board's row: read when it is encoded (scanner/row.py).
_.relative_volume, _.official_open_price, _.aggregate_vwap, _.change_since_open
_.start_timestamp, _.end_timestamp
# The bounds of a day: reached by name, and read when they are encoded (scanner/daily_range.py).
_.pre_market_high, _.pre_market_low, _.regular_session_high, _.regular_session_low
_.after_hours_high, _.after_hours_low
# Fields of top trades and of a halt: read when they are encoded (trades/window.py, halts/status.py).
_.trade_count, _.avg_size, _.max_size, _.time_span_ms, _.latest_price, _.latest_timestamp, _.latest_exchange
_.upper_band, _.lower_band
# Fields of a health report: read when it is encoded (listeners/, usage.py).
_.oldest_age_s, _.connected_since, _.retry_in_s, _.last_error_at, _.resident_bytes
# Fields of a demo's and a backtest's report: read when it is encoded (demo/report.py, backtest/report.py).
_.latency_samples, _.start_seconds, _.references_rejected
# Called or read by a base class of a library.
_.download  # jgo's resolver
_.model_config  # pydantic
_.log_message, _.do_POST  # http.server
_._batch_ttl  # aiokafka's accumulator
_.scheduled_subs, _.schedule_resub, _._handle_reconnect  # the vendors' clients
_.capture_signals, _.should_exit  # uvicorn's server
_.handle_parser_exception, _.close_timer  # uvicorn's WebSocket protocol
_.handle_ping, _.keepalive_timeout, _.pong_timer, _.pending_ping_payload  # likewise
_.is_allowed_origin  # starlette's CORS
_.ttl_s, _.sent_bytes  # fields of replies over HTTP (wds/rest.py, wds/roster.py)
_.available_extensions  # websockets' server protocol
_.get_buffer, _.buffer_updated, _.sizehint  # asyncio's buffered protocol
_._new_store  # faust's table
_.apply_changelog_batch, _.to_key, _.to_value  # faust's store
_.acked  # faust's message
_.isolation_level  # sqlite3's connection
_.API_KEY, _.API_VERSION, _.RESPONSE_TYPE, _.SCHEMA  # aiokafka's requests (scp/log_dirs.py)
_.revision, _.down_revision, _.downgrade  # alembic's migrations
_._claim  # the lock lasts as long as the file is open
_.pytestmark, _._split_scope  # pytest, and what spreads its tests over processes
_.on_message_in  # faust's sensor
_._new_consumer_thread, _._new_transport  # faust's transport and app
_.__defaults__  # aiokafka's encoder
