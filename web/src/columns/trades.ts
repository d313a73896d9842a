import type { Stats } from '@/generated/feeds';
import * as numbers from '@/format/numbers';
import { age } from '@/format/time';
import type { Column } from './column';

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
  {
    id: 'price',
    label: 'Price',
    tooltip: 'Price of the last trade',
    kind: 'number',
    width: 68,
    flashes: true,
    value: (row) => row.latest_price,
    format: (row) => numbers.price(row.latest_price),
    detail: (row) => `$${numbers.fullPrice(row.latest_price)}`,
  },
  {
    id: 'volume',
    label: 'Vol',
    tooltip: 'Shares of the last 1,000 trades',
    kind: 'number',
    width: 62,
    value: (row) => row.total_volume,
    format: (row) => numbers.shares(row.total_volume),
    detail: (row) => `${numbers.count(row.total_volume)} shares`,
  },
  {
    id: 'trades',
    label: 'Trades',
    tooltip: 'How many trades: the last 1,000, forgotten after 5 idle minutes',
    kind: 'number',
    width: 58,
    value: (row) => row.trade_count,
    format: (row) => numbers.count(row.trade_count),
  },
  {
    id: 'pace',
    label: 'Tr/min',
    tooltip: 'Trades a minute',
    kind: 'number',
    width: 58,
    value: tradesAMinute,
    format: (row) => numbers.shares(tradesAMinute(row)),
  },
  {
    id: 'average',
    label: 'Avg size',
    tooltip: 'Average shares of a trade',
    kind: 'number',
    width: 64,
    value: (row) => row.avg_size,
    format: (row) => numbers.shares(row.avg_size),
    detail: (row) => `${row.avg_size} shares`,
  },
  {
    id: 'largest',
    label: 'Largest',
    tooltip: 'Shares of the largest trade',
    kind: 'number',
    width: 62,
    value: (row) => row.max_size,
    format: (row) => numbers.shares(row.max_size),
  },
  {
    id: 'dollars',
    label: '$ Vol',
    tooltip: 'Shares at the last price, dollars',
    kind: 'number',
    width: 62,
    value: (row) => row.total_volume * row.latest_price,
    format: (row) => numbers.shares(row.total_volume * row.latest_price),
  },
  {
    id: 'span',
    label: 'Span',
    tooltip: 'From the oldest of the trades to the newest',
    kind: 'number',
    width: 56,
    value: (row) => row.time_span_ms,
    format: (row) => age(row.time_span_ms),
  },
  {
    id: 'last',
    label: 'Last',
    tooltip: 'Since the last trade',
    kind: 'number',
    width: 52,
    value: (row) => -row.latest_timestamp,
    format: (row, { marketMs }) => age(Math.max(0, marketMs - row.latest_timestamp)),
  },
];
