import type { Row } from '@/generated/feeds';
import * as numbers from '@/format/numbers';
import { direction } from '@/format/numbers';
import { newYorkMinute } from '@/format/time';
import type { Column } from './column';
import { percent, price, shares, since, text, times } from './makers';

/** A row as tables show it: of a symbol that has not traded yet all is unknown but its name. */
export type SymbolRow = { [Field in keyof Row]: Field extends 'symbol' ? string : Row[Field] | null };

/** A row as boards show it: with its rank on the board. */
export type BoardRow = SymbolRow & { rank: number };

/** Returns a percentage of a base, null where either is unknown. */
export function part(value: number | null, base: number | null): number | null {
  return value === null || base === null || base === 0 ? null : ((value - base) / base) * 100;
}

const OPEN_MINUTE = 9 * 60 + 30;

/** Returns the gap: before 09:30 the change so far, from then on that of the official open, fixed for the day. */
export function gap(row: SymbolRow): number | null {
  if (row.end_timestamp === null) return null;
  if (newYorkMinute(row.end_timestamp - 1) < OPEN_MINUTE) return row.pct_change;
  return part(row.official_open_price, row.prev_day_close) ?? row.pct_change;
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
  price('price', 'Price', 'Last price of the newest aggregate, any session', (row) => row.close, {
    flashes: true,
  }),
  percent('change', 'Chg %', 'Change since the previous close, all day long', (row) => row.pct_change, {
    width: 74,
  }),
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
    { width: 74 },
  ),
  {
    id: 'dollar_change',
    label: 'Chg $',
    tooltip: 'Change since the previous close in dollars',
    kind: 'number',
    width: 64,
    value: (row) => row.change,
    format: (row) => numbers.priceChange(row.change, row.close),
    tone: (row) => direction(row.change, numbers.priceDecimals(row.close ?? 1)),
  },
  shares('volume', 'Vol', 'Shares traded since 04:00', (row) => row.accumulated_volume),
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
  shares('float', 'Float', 'Shares free to trade; low is under 20M', (row) => row.free_float, {
    shade: (row) => {
      const bucket = floatBucket(row.free_float);
      return bucket === null ? '' : `float-${bucket[0]}`;
    },
    detail: (row) => {
      const bucket = floatBucket(row.free_float);
      return bucket === null ? 'float unknown' : `${numbers.count(row.free_float)} shares (${bucket[1]})`;
    },
  }),
  times('rotation', 'Rot', 'Volume over float: how often the float has changed hands', (row) =>
    row.free_float && row.accumulated_volume !== null ? row.accumulated_volume / row.free_float : null,
  ),
  shares('average_volume', 'Avg vol', 'Mean daily volume of the last sessions', (row) => row.avg_volume),
  percent('vwap_change', 'VWAP %', "Distance from the day's volume-weighted average price", (row) =>
    part(row.close, row.aggregate_vwap),
  ),
  since('last', 'Last', 'Since the symbol last traded', (row) => row.end_timestamp, {
    shade: (row, { marketMs }) => (marketMs - (row.end_timestamp ?? marketMs) >= QUIET_MS ? 'faint' : ''),
  }),
  price('vwap', 'VWAP', "The day's volume-weighted average price", (row) => row.aggregate_vwap),
  price('official_open', 'Day open', 'The official opening price', (row) => row.official_open_price),
  price('session_open', 'Open', 'First price since 04:00, from 09:30 on since 09:30', (row) => row.open),
  price('previous_close', 'PD close', "The previous day's close", (row) => row.prev_day_close),
  price('previous_high', 'PD high', "The previous day's high", (row) => row.prev_day_high),
  price('previous_low', 'PD low', "The previous day's low", (row) => row.prev_day_low),
  shares('previous_volume', 'PD vol', "The previous day's volume", (row) => row.prev_day_volume),
  price(
    'previous_vwap',
    'PD VWAP',
    "The previous day's volume-weighted average price",
    (row) => row.prev_day_vwap,
  ),
  shares('average_size', 'Avg size', 'Average size of a trade', (row) => row.average_size),
  text('security_type', 'Type', 'Kind of security: CS is common stock', (row) => row.security_type),
  text('exchange', 'Exch', 'Listing exchange', (row) => row.exchange),
];
