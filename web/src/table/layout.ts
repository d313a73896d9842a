import type { Column } from '@/columns/column';
import type { Sort } from './sorting';

/** How a user arranged a table: kept with its widget. */
export interface TableLayout {
  /** The columns shown, in order, with their widths in px where changed. */
  columns: { id: string; width?: number }[];
  sort: Sort | null;
}

export const SYMBOL_WIDTH = 104;
const LEAST_WIDTH = 32;
const MOST_WIDTH = 600;

/** Returns the columns of a layout that there are, with their widths. */
export function shownColumns<R>(all: readonly Column<R>[], layout: TableLayout): Column<R>[] {
  const known = new Map(all.map((column) => [column.id, column]));
  return layout.columns.flatMap(({ id, width }) => {
    const column = known.get(id);
    if (column === undefined) return [];
    return [width === undefined ? column : { ...column, width: clampedWidth(width) }];
  });
}

/** Returns a width within what is readable, px. */
export function clampedWidth(width: number): number {
  return Math.round(Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, width)));
}

/** Returns a layout with a column moved to the place of another. */
export function withMoved(layout: TableLayout, id: string, to: string): TableLayout {
  const columns = [...layout.columns];
  const from = columns.findIndex((column) => column.id === id);
  const target = columns.findIndex((column) => column.id === to);
  if (from < 0 || target < 0) return layout;
  const [moved] = columns.splice(from, 1);
  columns.splice(target, 0, moved!);
  return { ...layout, columns };
}

/** Returns a layout with a column shown or not. */
export function withToggled(layout: TableLayout, id: string): TableLayout {
  const isShown = layout.columns.some((column) => column.id === id);
  const columns = isShown ? layout.columns.filter((column) => column.id !== id) : [...layout.columns, { id }];
  return { ...layout, columns };
}

/** Returns a layout with a column's width changed. */
export function withWidth(layout: TableLayout, id: string, width: number): TableLayout {
  const columns = layout.columns.map((column) =>
    column.id === id ? { id, width: clampedWidth(width) } : column,
  );
  return { ...layout, columns };
}

const LEAST_FIT = 0.88;
const MOST_FIT = 1.25;

/**
 * Returns by how much columns are made narrower or wider, so that none is cut off: half a number is a wrong one.
 *
 * All give way where a little is enough; else those that have room take all of it, and the next begin out of sight.
 */
export function fitted(symbolPx: number, widths: readonly number[], roomPx: number): number {
  const all = widths.reduce((sum, width) => sum + width, symbolPx);
  if (roomPx <= 0 || all <= roomPx) return 1;
  if (roomPx / all >= LEAST_FIT) return roomPx / all;
  let shown = symbolPx;
  for (const width of widths) {
    if (shown + width > roomPx) break;
    shown += width;
  }
  return shown > 0 && roomPx / shown <= MOST_FIT ? roomPx / shown : 1;
}
