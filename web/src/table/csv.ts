import type { CellContext, Column } from '@/columns/column';

/** Returns rows as CSV: raw values, ASCII signs; a text that a spreadsheet would run is kept from running. */
export function csv<R>(
  rows: readonly R[],
  columns: readonly Column<R>[],
  symbolOf: (row: R) => string,
  context: CellContext,
): string {
  const head = ['Symbol', ...columns.map((column) => column.label)];
  const lines = rows.map((row) => [symbolOf(row), ...columns.map((column) => column.value(row, context))]);
  return [head, ...lines].map((line) => line.map(cell).join(',')).join('\r\n') + '\r\n';
}

function cell(value: number | string | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Saves rows as a CSV file. */
export function downloadCsv<R>(
  title: string,
  rows: readonly R[],
  columns: readonly Column<R>[],
  symbolOf: (row: R) => string,
  context: CellContext,
): void {
  download(`${title}.csv`, 'text/csv', csv(rows, columns, symbolOf, context));
}

/** Saves a text as a file. */
export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
