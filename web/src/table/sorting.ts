import type { CellContext, Column } from '@/columns/column';

export interface Sort {
  column: string;
  direction: 'ascending' | 'descending';
}

type Value = number | string | null;

/** Compares two values of a column; what is unknown comes last both ways. */
export function compareValues(one: Value, other: Value, direction: Sort['direction']): number {
  if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1;
  const order =
    typeof one === 'number' && typeof other === 'number'
      ? one - other
      : String(one) < String(other)
        ? -1
        : String(one) > String(other)
          ? 1
          : 0;
  return direction === 'ascending' ? order : -order;
}

/** Returns rows in the order of a column, those that are equal in the order they came in. */
export function sorted<R>(
  rows: readonly R[],
  column: Pick<Column<R>, 'value'> | undefined,
  direction: Sort['direction'],
  context: CellContext,
): readonly R[] {
  if (column === undefined) return rows;
  const keyed = rows.map((row) => ({ row, value: column.value(row, context) }));
  keyed.sort((one, other) => compareValues(one.value, other.value, direction));
  return keyed.map(({ row }) => row);
}

/** Returns what a click on a column's header asks for: numbers begin with the greatest; a third click asks for none. */
export function clicked(sort: Sort | null, column: string, kind: Column<never>['kind']): Sort | null {
  const first = kind === 'number' ? 'descending' : 'ascending';
  if (sort?.column !== column) return { column, direction: first };
  const second = first === 'descending' ? 'ascending' : 'descending';
  return sort.direction === first ? { column, direction: second } : null;
}
