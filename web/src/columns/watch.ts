import { BOARD_COLUMNS, type BoardRow, type SymbolRow } from './board';
import type { Column } from './column';

/** Every column of a watch list: those of boards, and the symbol's place in the user's order. */
export const WATCH_COLUMNS: Column<BoardRow>[] = BOARD_COLUMNS.map((column) =>
  column.id === 'rank' ? { ...column, tooltip: "The symbol's place in your order" } : column,
);

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
