import type { Direction } from '@/format/numbers';

/** What a cell may depend on beside its row. */
export interface CellContext {
  /** The market's time, ms since 1970. */
  marketMs: number;
}

/** A column, declared once: tables, filters, the column chooser and CSV read it. */
export interface Column<R> {
  id: string;
  label: string;
  /** What it is, in a sentence. */
  tooltip: string;
  /** Its raw value: what is sorted, filtered and exported. */
  value(row: R, context: CellContext): number | string | null;
  /** How it is shown. */
  format(row: R, context: CellContext): string;
  /** Text at the left, numbers at the right. */
  kind: 'number' | 'text' | 'symbol';
  width: number;
  /** Which way the cell's colour points. */
  tone?(row: R): Direction | null;
  /** A class of the cell, such as a shade. */
  shade?(row: R, context: CellContext): string;
  /** What the cell tells under the pointer. */
  detail?(row: R): string;
  /** Whether it flashes when its value changes. */
  flashes?: boolean;
}
