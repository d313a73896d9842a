// Written by scripts/web_types.py from the back end's catalogue and structs: change those.

export interface Feed {
  pattern: string;
  kind: 'latest' | 'list';
  ttlS: number;
  bound: number;
}

export const FEEDS = {
  AGGREGATE: { pattern: "stocks:agg:{}", kind: "latest", ttlS: 300, bound: 1 },
  TRADE: { pattern: "stocks:trades:{}", kind: "latest", ttlS: 3600, bound: 1 },
  QUOTE_NBBO: { pattern: "stocks:quotes:{}", kind: "latest", ttlS: 3600, bound: 1 },
  LULD: { pattern: "stocks:luld:{}", kind: "latest", ttlS: 86400, bound: 1 },
  TOP_VOLUME: { pattern: "scanners:top_volume", kind: "latest", ttlS: 345600, bound: 1 },
  TOP_GAPPERS: { pattern: "scanners:top_gappers", kind: "latest", ttlS: 345600, bound: 1 },
  TOP_GAINERS: { pattern: "scanners:top_gainers", kind: "latest", ttlS: 345600, bound: 1 },
  SCREENER: { pattern: "scanners:{}", kind: "latest", ttlS: 345600, bound: 1 },
  QUOTE: { pattern: "quote:{}", kind: "latest", ttlS: 345600, bound: 1 },
  DAILY_RANGE: { pattern: "daily_range:{}", kind: "latest", ttlS: 345600, bound: 1 },
  HIGH_ALERT: { pattern: "daily_range_hod_alert", kind: "list", ttlS: 28800, bound: 1000 },
  LOW_ALERT: { pattern: "daily_range_lod_alert", kind: "list", ttlS: 28800, bound: 1000 },
  HALTS_LATEST: { pattern: "halts:latest", kind: "list", ttlS: 86400, bound: 1000 },
  TOP_TRADES_ALL: { pattern: "tta:all_symbols:widget", kind: "latest", ttlS: 60, bound: 1 },
  TOP_TRADES: { pattern: "tta:{}:widget", kind: "latest", ttlS: 60, bound: 1 },
  NEWS_LATEST: { pattern: "news:feed:latest", kind: "list", ttlS: 172800, bound: 10000 },
  NEWS_TICKER: { pattern: "news:ticker:{}", kind: "list", ttlS: 604800, bound: 100 },
  NEWS_RECENT: { pattern: "news:recent", kind: "latest", ttlS: 604800, bound: 1 },
  MARKET_CALENDAR: { pattern: "market:calendar", kind: "latest", ttlS: 345600, bound: 1 },
  BARS_MINUTE: { pattern: "bars:1m:{}", kind: "list", ttlS: 345600, bound: 960 },
  BARS_5_MINUTES: { pattern: "bars:5m:{}", kind: "list", ttlS: 345600, bound: 192 },
  BARS_15_MINUTES: { pattern: "bars:15m:{}", kind: "list", ttlS: 345600, bound: 64 },
  BARS_HOUR: { pattern: "bars:1h:{}", kind: "list", ttlS: 345600, bound: 16 },
  COMPANY_OVERVIEW: { pattern: "enrichment:overview:{}", kind: "latest", ttlS: 2592000, bound: 1 },
  COMPANY_LOGO: { pattern: "enrichment:logo:{}", kind: "latest", ttlS: 2592000, bound: 1 },
  COMPANY_NEWS: { pattern: "enrichment:news:{}", kind: "latest", ttlS: 900, bound: 1 },
  SHORT_INTEREST: { pattern: "enrichment:short_interest:{}", kind: "latest", ttlS: 86400, bound: 1 },
  SHORT_VOLUME: { pattern: "enrichment:short_volume:{}", kind: "latest", ttlS: 86400, bound: 1 },
} as const satisfies Record<string, Feed>;

export interface Row {
  symbol: string;
  volume: number | null;
  free_float: number | null;
  accumulated_volume: number;
  relative_volume: number | null;
  official_open_price: number | null;
  vwap: number | null;
  open: number;
  close: number;
  high: number | null;
  low: number | null;
  aggregate_vwap: number | null;
  average_size: number | null;
  avg_volume: number | null;
  prev_day_close: number | null;
  prev_day_open: number | null;
  prev_day_high: number | null;
  prev_day_low: number | null;
  prev_day_volume: number | null;
  prev_day_vwap: number | null;
  change: number | null;
  pct_change: number | null;
  change_since_open: number | null;
  pct_change_since_open: number | null;
  start_timestamp: number;
  end_timestamp: number;
  security_type: string | null;
  exchange: string | null;
  relative_volume_tod: number | null;
}

export interface DailyRange {
  pre_market_high: number | null;
  pre_market_low: number | null;
  regular_session_high: number | null;
  regular_session_low: number | null;
  after_hours_high: number | null;
  after_hours_low: number | null;
}

export interface Alert {
  id: string;
  hits: number;
  session: string;
  direction: string;
  price: number;
  previous: number;
  timestamp: number;
  note: string;
}

export interface HaltEntry {
  symbol: string;
  status: 'trading' | 'halted' | 'resumed';
  timestamp: number;
  halted_at: number | null;
  resumed_at: number | null;
  earliest_reopening: number | null;
  upper_band: number | null;
  lower_band: number | null;
  halts_today: number;
  note: string;
  kind: string;
}

export interface Stats {
  total_volume: number;
  trade_count: number;
  avg_size: number;
  max_size: number;
  time_span_ms: number;
  latest_price: number;
  latest_timestamp: number;
  latest_exchange: number | null;
}

export interface Bar {
  t: number;
  o: number;
  h: number;
  l: number;
  c: number;
  v: number;
  vw: number | null;
  final: boolean;
}

export interface DaySessions {
  date: string;
  is_session: boolean;
  is_half_day: boolean;
  start_ms: number | null;
  open_ms: number | null;
  close_ms: number | null;
  after_hours_end_ms: number | null;
}

export interface CalendarNow {
  session: 'pre_market' | 'regular_session' | 'after_hours' | 'closed';
  next_change_ms: number;
  today: DaySessions;
  next: DaySessions;
}

export interface Aggregate {
  sym: string;
  av: number;
  c: number;
  s: number;
  e: number;
  v: number | null;
  op: number | null;
  vw: number | null;
  o: number | null;
  h: number | null;
  l: number | null;
  a: number | null;
  z: number | null;
}

export interface Trade {
  sym: string;
  p: number;
  s: number;
  t: number;
  x: number | null;
  i: string | null;
  z: number | null;
  c: number[] | null;
  q: number | null;
  trfi: number | null;
  trft: number | null;
}

export interface Quote {
  sym: string;
  t: number;
  bp: number | null;
  bs: number | null;
  ap: number | null;
  as: number | null;
  bx: number | null;
  ax: number | null;
  c: number | null;
  i: number[] | null;
  q: number | null;
  z: number | null;
}

export interface Luld {
  T: string;
  t: number;
  h: number | null;
  l: number | null;
  i: number[] | null;
  z: number | null;
  q: number | null;
}
