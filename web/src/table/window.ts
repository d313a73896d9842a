/** Which rows of a table are in the document: those in sight and a few around them. */
export interface RowWindow {
  first: number;
  /** The row after the last one. */
  end: number;
}

const AROUND = 4;

/** Returns the rows to draw of a table scrolled by so many pixels. */
export function rowsInSight(scrolledPx: number, heightPx: number, rowPx: number, count: number): RowWindow {
  const top = Math.min(Math.max(0, scrolledPx), Math.max(0, count * rowPx - heightPx));
  const first = Math.max(0, Math.floor(top / rowPx) - AROUND);
  const end = Math.min(count, Math.ceil((top + heightPx) / rowPx) + AROUND);
  return { first, end };
}

/** Returns how far to scroll so that a row is in sight below a header; the same as now where it is. */
export function scrolledTo(row: number, scrolledPx: number, heightPx: number, rowPx: number): number {
  if (row * rowPx < scrolledPx) return row * rowPx;
  const bottom = (row + 1) * rowPx;
  return bottom > scrolledPx + heightPx ? bottom - heightPx : scrolledPx;
}
