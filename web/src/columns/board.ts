import type { Row } from '@/generated/feeds';
import * as numbers from '@/format/numbers';
import { direction } from '@/format/numbers';
import { age } from '@/format/time';
import { newYorkMinute } from '@/format/time';
import type { Column } from './column';

/** A row as boards show it: with its rank on the board. */
export type BoardRow = Row & { rank: number };

/** Returns a percentage of a base, null where either is unknown. */
function part(value: number | null, base: number | null): number | null {
  return value === null || base === null || base === 0 ? null : ((value - base) / base) * 100;
}

const OPEN_MINUTE = 9 * 60 + 30;

/** Returns the gap: before 09:30 the change so far, from then on that of the official open, fixed for the day. */
export function gap(row: Row): number | null {
  if (newYorkMinute(row.end_timestamp - 1) < OPEN_MINUTE) return row.pct_change;
  return part(row.official_open_price, row.prev_day_close) ?? row.pct_change;
}

type Get = (row: Row) => number | null;

function percent(id: string, label: string, tooltip: string, get: Get, width = 72): Column<Row> {
  return {
    id,
    label,
    tooltip,
    kind: 'number',
    width,
    value: get,
    format: (row) => numbers.percent(get(row)),
    tone: (row) => direction(get(row)),
  };
}

function dollars(id: string, label: string, tooltip: string, get: Get): Column<Row> {
  const detail = (row: Row) => `$${numbers.fullPrice(get(row))}`;
  return {
    id,
    label,
    tooltip,
    kind: 'number',
    width: 68,
    value: get,
    format: (row) => numbers.price(get(row)),
    detail,
  };
}

function volume(id: string, label: string, tooltip: string, get: Get): Column<Row> {
  return {
    id,
    label,
    tooltip,
    kind: 'number',
    width: 62,
    value: get,
    format: (row) => numbers.shares(get(row)),
    detail: (row) => `${numbers.count(get(row))} shares`,
  };
}

function times(id: string, label: string, tooltip: string, get: Get): Column<Row> {
  return {
    id,
    label,
    tooltip,
    kind: 'number',
    width: 62,
    value: get,
    format: (row) => numbers.ratio(get(row)),
    shade: (row) => ((get(row) ?? 0) >= 5 ? 'strong' : ''),
  };
}

const FLOAT_STEPS: [number, string][] = [
  [1e6, '<1M'],
  [5e6, '1–5M'],
  [10e6, '5–10M'],
  [20e6, '10–20M'],
  [50e6, '20–50M'],
  [100e6, '50–100M'],
  [Infinity, '>100M'],
];

/** Returns which bucket a float lies in: 0 for the smallest, and its words. */
export function floatBucket(shares: number | null): [number, string] | null {
  if (shares === null) return null;
  const step = FLOAT_STEPS.findIndex(([most]) => shares < most);
  return [step, FLOAT_STEPS[step]![1]];
}

const QUIET_MS = 60_000;

/** Every column of a board's row. The symbol's is the table's own: it stands first and stays. */
export const BOARD_COLUMNS: Column<BoardRow>[] = [
  {
    id: 'rank',
    label: '#',
    tooltip: "The server's rank on this board; ties by symbol. It stays when you sort otherwise.",
    kind: 'number',
    width: 34,
    value: (row) => row.rank,
    format: (row) => String(row.rank),
    shade: () => 'faint',
  },
  {
    id: 'price',
    label: 'Price',
    tooltip: 'Last price of the newest aggregate, any session',
    kind: 'number',
    width: 68,
    flashes: true,
    value: (row) => row.close,
    format: (row) => numbers.price(row.close),
    detail: (row) => `$${numbers.fullPrice(row.close)}`,
  },
  percent('change', 'Chg %', 'Change since the previous close, all day long', (row) => row.pct_change, 74),
  percent(
    'gap',
    'Gap %',
    'Before 09:30 the change so far; from 09:30 that of the official open, fixed for the day',
    gap,
  ),
  percent(
    'open_change',
    'Open %',
    'Change since the first price after 04:00, from 09:30 on since the first after 09:30',
    (row) => row.pct_change_since_open,
    74,
  ),
  {
    id: 'dollar_change',
    label: 'Chg $',
    tooltip: 'Change since the previous close in dollars',
    kind: 'number',
    width: 64,
    value: (row) => row.change,
    format: (row) => numbers.priceChange(row.change, row.close),
    tone: (row) => direction(row.change, numbers.priceDecimals(row.close)),
  },
  volume('volume', 'Vol', 'Shares traded since 04:00', (row) => row.accumulated_volume),
  times(
    'volume_ratio',
    'Vol/Avg',
    "Today's volume so far over that of a whole average day: small early on",
    (row) => row.relative_volume,
  ),
  times(
    'relative_volume',
    'RVol',
    'Volume so far over the mean volume up to this minute in the last 10 sessions',
    (row) => row.relative_volume_tod,
  ),
  {
    id: 'float',
    label: 'Float',
    tooltip: 'Shares free to trade; low is under 20M',
    kind: 'number',
    width: 62,
    value: (row) => row.free_float,
    format: (row) => numbers.shares(row.free_float),
    shade: (row) => {
      const bucket = floatBucket(row.free_float);
      return bucket === null ? '' : `float-${bucket[0]}`;
    },
    detail: (row) => {
      const bucket = floatBucket(row.free_float);
      return bucket === null ? 'float unknown' : `${numbers.count(row.free_float)} shares (${bucket[1]})`;
    },
  },
  times('rotation', 'Rot', 'Volume over float: how often the float has changed hands', (row) =>
    row.free_float ? row.accumulated_volume / row.free_float : null,
  ),
  volume('average_volume', 'Avg vol', 'Mean daily volume of the last sessions', (row) => row.avg_volume),
  percent('vwap_change', 'VWAP %', "Distance from the day's volume-weighted average price", (row) =>
    part(row.close, row.aggregate_vwap),
  ),
  {
    id: 'last',
    label: 'Last',
    tooltip: 'Since the symbol last traded',
    kind: 'number',
    width: 52,
    value: (row) => -row.end_timestamp,
    format: (row, { marketMs }) => age(Math.max(0, marketMs - row.end_timestamp)),
    shade: (row, { marketMs }) => (marketMs - row.end_timestamp >= QUIET_MS ? 'faint' : ''),
  },
  dollars('vwap', 'VWAP', "The day's volume-weighted average price", (row) => row.aggregate_vwap),
  dollars('official_open', 'Day open', 'The official opening price', (row) => row.official_open_price),
  dollars('session_open', 'Open', 'First price since 04:00, from 09:30 on since 09:30', (row) => row.open),
  dollars('previous_close', 'PD close', "The previous day's close", (row) => row.prev_day_close),
  dollars('previous_high', 'PD high', "The previous day's high", (row) => row.prev_day_high),
  dollars('previous_low', 'PD low', "The previous day's low", (row) => row.prev_day_low),
  volume('previous_volume', 'PD vol', "The previous day's volume", (row) => row.prev_day_volume),
  dollars(
    'previous_vwap',
    'PD VWAP',
    "The previous day's volume-weighted average price",
    (row) => row.prev_day_vwap,
  ),
  volume('average_size', 'Avg size', 'Average size of a trade', (row) => row.average_size),
  {
    id: 'security_type',
    label: 'Type',
    tooltip: 'Kind of security: CS is common stock',
    kind: 'text',
    width: 56,
    value: (row) => row.security_type,
    format: (row) => row.security_type ?? numbers.NOTHING,
  },
  {
    id: 'exchange',
    label: 'Exch',
    tooltip: 'Listing exchange',
    kind: 'text',
    width: 56,
    value: (row) => row.exchange,
    format: (row) => row.exchange ?? numbers.NOTHING,
  },
];
