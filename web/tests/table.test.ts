import { expect, test } from 'vitest';
import { BOARD_COLUMNS, gap, type BoardRow } from '@/columns/board';
import { csv } from '@/table/csv';
import { OrderHold } from '@/table/hold';
import { fitted, shownColumns, withMoved, withToggled, withWidth } from '@/table/layout';
import { clicked, sorted } from '@/table/sorting';
import { rowsInSight, scrolledTo } from '@/table/window';
import { row } from './rows';

const CONTEXT = { marketMs: 0 };
const CHANGE = BOARD_COLUMNS.find(({ id }) => id === 'change')!;
const symbols = (rows: readonly BoardRow[]) => rows.map(({ symbol }) => symbol);

test('what is unknown is sorted last both ways', () => {
  const rows = [
    row('A', { pct_change: 1 }),
    row('B'),
    row('C', { pct_change: -2 }),
    row('D', { pct_change: 5 }),
  ];
  expect(symbols(sorted(rows, CHANGE, 'descending', CONTEXT))).toEqual(['D', 'A', 'C', 'B']);
  expect(symbols(sorted(rows, CHANGE, 'ascending', CONTEXT))).toEqual(['C', 'A', 'D', 'B']);
});

test('equal rows stay in the order of their ranks', () => {
  const rows = ['C', 'A', 'B'].map((symbol) => row(symbol, { pct_change: 1 }));
  expect(symbols(sorted(rows, CHANGE, 'descending', CONTEXT))).toEqual(['C', 'A', 'B']);
});

test('the first click on numbers sorts descending, the third lets go', () => {
  const first = clicked(null, 'change', 'number');
  expect(first).toEqual({ column: 'change', direction: 'descending' });
  const second = clicked(first, 'change', 'number');
  expect(second).toEqual({ column: 'change', direction: 'ascending' });
  expect(clicked(second, 'change', 'number')).toBeNull();
});

test('only rows in sight are drawn, wherever one scrolls to', () => {
  expect(rowsInSight(0, 440, 22, 500)).toEqual({ first: 0, end: 24 });
  expect(rowsInSight(22 * 100, 440, 22, 500)).toEqual({ first: 96, end: 124 });
  expect(rowsInSight(1e9, 440, 22, 500)).toEqual({ first: 476, end: 500 });
  expect(rowsInSight(1e9, 440, 22, 3)).toEqual({ first: 0, end: 3 });
});

test('a row out of sight is scrolled to, one in sight is left alone', () => {
  expect(scrolledTo(30, 0, 440, 22)).toBe(31 * 22 - 440);
  expect(scrolledTo(3, 440, 440, 22)).toBe(66);
  expect(scrolledTo(5, 0, 440, 22)).toBe(0);
});

test('a held order stays while values run; who left is told, who came stands at the end', () => {
  const hold = new OrderHold<BoardRow>(({ symbol }) => symbol);
  hold.hold([row('A'), row('B'), row('C')]);
  const { rows, left } = hold.arrange([row('D'), row('C', { close: 3 }), row('A')]);
  expect(symbols(rows)).toEqual(['A', 'B', 'C', 'D']);
  expect(rows[2]!.close).toBe(3);
  expect([...left]).toEqual(['B']);
  hold.release();
  expect(symbols(hold.arrange([row('D'), row('A')]).rows)).toEqual(['D', 'A']);
});

test('columns can be moved, hidden, shown and sized; unknown ones are left out', () => {
  const layout = { columns: [{ id: 'price' }, { id: 'gone' }, { id: 'volume' }], sort: null };
  expect(shownColumns(BOARD_COLUMNS, layout).map(({ id }) => id)).toEqual(['price', 'volume']);
  expect(withMoved(layout, 'volume', 'price').columns.map(({ id }) => id)).toEqual([
    'volume',
    'price',
    'gone',
  ]);
  expect(withToggled(layout, 'price').columns.map(({ id }) => id)).toEqual(['gone', 'volume']);
  expect(withToggled(layout, 'float').columns.at(-1)).toEqual({ id: 'float' });
  expect(shownColumns(BOARD_COLUMNS, withWidth(layout, 'price', 1e6))[0]!.width).toBe(600);
});

test('before 09:30 the gap is the change so far, from then on that of the official open', () => {
  const known = { pct_change: 30, official_open_price: 11, prev_day_close: 10 };
  const early = Date.parse('2026-11-20T14:29:59Z');
  expect(gap(row('A', { ...known, end_timestamp: early }))).toBe(30);
  expect(gap(row('A', { ...known, end_timestamp: early + 60_000 }))).toBeCloseTo(10);
});

test('every column shows a row of which nothing is known', () => {
  const shown = BOARD_COLUMNS.map((column) => column.format(row('A'), CONTEXT));
  expect(shown.join(' ')).not.toMatch(/NaN|null|undefined|Infinity/);
});

test('CSV holds raw values, and no formula that a spreadsheet would run', () => {
  const columns = BOARD_COLUMNS.filter(({ id }) => ['price', 'change', 'exchange'].includes(id));
  const rows = [row('-A', { close: 1.23456, pct_change: -0.5, exchange: 'X,Y' })];
  expect(csv(rows, columns, ({ symbol }) => symbol, CONTEXT)).toBe(
    `Symbol,Price,Chg %,Exch\r\n'-A,1.23456,-0.5,"X,Y"\r\n`,
  );
});

test('columns give a little where all fit then, and else no column is cut off', () => {
  expect(fitted(100, [60, 60, 60], 400)).toBe(1);
  expect(280 * fitted(100, [60, 60, 60], 260)).toBeCloseTo(260);
  expect(220 * fitted(100, [60, 60, 60], 240)).toBeCloseTo(240);
  expect(fitted(100, [60, 60, 60], 120)).toBeCloseTo(1.2);
  expect([fitted(100, [600], 300), fitted(100, [60], 0)]).toEqual([1, 1]);
});
