import type { Row } from '@/generated/feeds';

type Ranked = Row & { rank: number };

/** Returns a board's row of which only what matters is given. */
export function row(symbol: string, fields: Partial<Ranked> = {}): Ranked {
  return {
    symbol,
    rank: 1,
    volume: null,
    free_float: null,
    accumulated_volume: 1_000_000,
    relative_volume: null,
    official_open_price: null,
    vwap: null,
    open: 10,
    close: 10,
    high: null,
    low: null,
    aggregate_vwap: null,
    average_size: null,
    avg_volume: null,
    prev_day_close: null,
    prev_day_open: null,
    prev_day_high: null,
    prev_day_low: null,
    prev_day_volume: null,
    prev_day_vwap: null,
    change: null,
    pct_change: null,
    change_since_open: null,
    pct_change_since_open: null,
    start_timestamp: 0,
    end_timestamp: 0,
    security_type: 'CS',
    exchange: null,
    relative_volume_tod: null,
    ...fields,
  };
}
