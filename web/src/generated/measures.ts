// Written by scripts/web_types.py from the back end's catalogue and structs: change those.

/** Numbers by name, each with what it is where that is no field of a row. */
export const NUMBERS = {
  price: "the last price, dollars (close)",
  float: "shares that are freely traded (free_float)",
  volume: "shares since 04:00 ET (accumulated_volume)",
  free_float: "",
  accumulated_volume: "",
  relative_volume: "",
  official_open_price: "",
  vwap: "",
  open: "",
  close: "",
  high: "",
  low: "",
  aggregate_vwap: "",
  average_size: "",
  avg_volume: "",
  prev_day_close: "",
  prev_day_open: "",
  prev_day_high: "",
  prev_day_low: "",
  prev_day_volume: "",
  prev_day_vwap: "",
  change: "",
  pct_change: "",
  change_since_open: "",
  pct_change_since_open: "",
  start_timestamp: "",
  end_timestamp: "",
  relative_volume_tod: "",
  bar_volume: "shares of the newest bar (volume)",
  pct_gap: "the official open against the previous close, percent",
  dollar_volume: "dollars since 04:00 ET, at the day's vwap",
  float_rotation: "how often the float has changed hands since 04:00 ET",
} as const;

export const TEXTS = ["symbol", "security_type", "exchange"] as const;
export const SESSIONS = ["pre_market", "regular", "after_hours"] as const;
/** Most rows of a board. */
export const MOST_ROWS = 500;
