import type { DailyRange, Quote } from '@/generated/feeds';
import * as numbers from '@/format/numbers';
import { BOARD_COLUMNS, part, type BoardRow, type SymbolRow } from './board';
import type { Column } from './column';
import { percent, price } from './makers';

/** A row of a watch list: what further feeds tell is null where they are not shown, or told nothing yet. */
export interface WatchRow extends BoardRow {
  book: Quote | null;
  range: DailyRange | null;
}

/** Returns the day's highest price over its sessions; null where none is known. */
function dayHigh({ range }: WatchRow): number | null {
  return extreme(Math.max, [range?.pre_market_high, range?.regular_session_high, range?.after_hours_high]);
}
function dayLow({ range }: WatchRow): number | null {
  return extreme(Math.min, [range?.pre_market_low, range?.regular_session_low, range?.after_hours_low]);
}
function extreme(of: typeof Math.max, prices: (number | null | undefined)[]): number | null {
  const known = prices.filter((each) => each !== null && each !== undefined);
  return known.length === 0 ? null : of(...known);
}
function spread({ book }: WatchRow): number | null {
  const { bp: bid, ap: ask } = book ?? {};
  return bid === null || bid === undefined || ask === null || ask === undefined ? null : ask - bid;
}

/** Columns that need the best bid and offer of each symbol. */
const BOOK_COLUMNS: Column<WatchRow>[] = [
  price('bid', 'Bid', 'The best bid', (row) => row.book?.bp ?? null),
  price('ask', 'Ask', 'The best offer', (row) => row.book?.ap ?? null),
  price('spread', 'Spread', 'Best offer less best bid', spread, {
    width: 60,
    format: (row) => {
      const value = spread(row);
      return value === null ? numbers.NOTHING : numbers.fixed(value, numbers.priceDecimals(row.book!.bp!));
    },
    detail: (row) => `${numbers.percent(part(row.book?.ap ?? null, row.book?.bp ?? null))} of the bid`,
  }),
];
/** Columns that need the ranges of each symbol's sessions. */
const RANGE_COLUMNS: Column<WatchRow>[] = [
  price('day_high', 'Day high', "The highest price of the day's sessions", dayHigh),
  price('day_low', 'Day low', "The lowest price of the day's sessions", dayLow),
  percent('off_high', 'Off high %', "Distance from the day's high", (row) => part(row.close, dayHigh(row))),
];

/** Every column of a watch list: those of boards, the place in the user's order, and what needs further feeds. */
export const WATCH_COLUMNS: Column<WatchRow>[] = [
  ...BOARD_COLUMNS.map((column) =>
    column.id === 'rank' ? { ...column, tooltip: "The symbol's place in your order" } : column,
  ),
  ...BOOK_COLUMNS,
  ...RANGE_COLUMNS,
];

/** Returns which further feeds columns need. */
export function needed(ids: readonly string[]): { book: boolean; range: boolean } {
  const has = (columns: Column<WatchRow>[]) => columns.some(({ id }) => ids.includes(id));
  return { book: has(BOOK_COLUMNS), range: has(RANGE_COLUMNS) };
}

/** Returns the row of a symbol of which nothing has been told. */
export function unknownRow(symbol: string): SymbolRow {
  return {
    symbol,
    volume: null,
    free_float: null,
    accumulated_volume: null,
    relative_volume: null,
    official_open_price: null,
    vwap: null,
    open: null,
    close: null,
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
    start_timestamp: null,
    end_timestamp: null,
    security_type: null,
    exchange: null,
    relative_volume_tod: null,
  };
}
