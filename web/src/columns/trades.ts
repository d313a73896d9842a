import type { Stats } from '@/generated/feeds';
import { age } from '@/format/time';
import type { Column } from './column';
import { amount, count, price, shares, since } from './makers';

/** What a symbol's newest trades say together. */
export interface TradesRow extends Stats {
  symbol: string;
}

/** Returns trades a minute; null where all came at once. */
export function tradesAMinute(row: TradesRow): number | null {
  return row.time_span_ms > 0 ? row.trade_count / (row.time_span_ms / 60_000) : null;
}

/** Every column of top trades. */
export const TRADES_COLUMNS: Column<TradesRow>[] = [
  price('price', 'Price', 'Price of the last trade', (row) => row.latest_price, { flashes: true }),
  shares('volume', 'Vol', 'Shares of the last 1,000 trades', (row) => row.total_volume),
  count(
    'trades',
    'Trades',
    'How many trades: the last 1,000, forgotten after 5 idle minutes',
    (row) => row.trade_count,
    { width: 58 },
  ),
  amount('pace', 'Tr/min', 'Trades a minute', tradesAMinute, { width: 58 }),
  shares('average', 'Avg size', 'Average shares of a trade', (row) => row.avg_size, {
    width: 64,
    detail: (row) => `${row.avg_size} shares`,
  }),
  shares('largest', 'Largest', 'Shares of the largest trade', (row) => row.max_size),
  amount(
    'dollars',
    '$ Vol',
    'Shares at the last price, dollars',
    (row) => row.total_volume * row.latest_price,
  ),
  amount('span', 'Span', 'From the oldest of the trades to the newest', (row) => row.time_span_ms, {
    width: 56,
    format: (row) => age(row.time_span_ms),
  }),
  since('last', 'Last', 'Since the last trade', (row) => row.latest_timestamp),
];
