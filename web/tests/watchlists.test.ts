import { expect, test } from 'vitest';
import { unknownRow, WATCH_COLUMNS, type WatchRow } from '@/columns/watch';
import { readKept } from '@/kept/browser';
import { asText, listsIn, symbolIn, symbolsIn, WATCH_LISTS } from '@/watchlists/schema';

test.each([
  ['aapl', 'AAPL'],
  ['$TSLA', 'TSLA'],
  ['brk.b', 'BRK.B'],
  ['BACpL', 'BACpL'],
  ['Aapl', 'AAPL'],
  ['NASDAQ:MSFT', 'MSFT'],
  ['X:BTCUSD', 'X:BTCUSD'],
  ['quote:*', null],
  ['A?', null],
  ['[A]', null],
  ['-', null],
])('%s is typed for %s', (typed, symbol) => {
  expect(symbolIn(typed)).toBe(symbol);
});

test('a pasted text gives its symbols once each, in its order, and what can be none', () => {
  const text = 'TSLA, aapl;NYSE:IBM\n"msft" | tsla\n###EARNINGS ***';
  expect(symbolsIn(text)).toEqual({ symbols: ['TSLA', 'AAPL', 'IBM', 'MSFT'], others: ['***'] });
});

test('lists come back from their text as they were', () => {
  const lists = [
    { id: '1', name: 'Runners', symbols: ['B', 'A'] },
    { id: '2', name: 'Empty', symbols: [] },
    { id: '3', name: '', symbols: ['C'] },
  ].filter(({ name }) => name !== '');
  expect(listsIn(asText(lists), 'file')).toEqual(lists.map(({ name, symbols }) => ({ name, symbols })));
});

test('symbols without a heading are a list named after their file', () => {
  expect(listsIn('NASDAQ:AAPL,###Tech,MSFT', 'mine')).toEqual([{ name: 'mine', symbols: ['AAPL', 'MSFT'] }]);
  expect(listsIn('nothing here ???', 'mine')).toEqual([{ name: 'mine', symbols: ['NOTHING', 'HERE'] }]);
  expect(listsIn('', 'mine')).toEqual([]);
});

test('what of stored lists cannot be used is left out', () => {
  const stored = {
    schema: 1,
    lists: [
      { id: 'a', name: 'A', symbols: ['AAPL', 3, 'quote:*', 'AAPL'] },
      { id: 'a', name: 'twice', symbols: [] },
      { name: 'no id' },
      null,
    ],
  };
  expect(WATCH_LISTS.migrated(stored).lists).toEqual([{ id: 'a', name: 'A', symbols: ['AAPL', '3'] }]);
});

test.each(['{"schema":9,"lists":[]}', '{}', 'x'])(
  'lists that cannot be read (%s) are kept beside',
  (text) => {
    const kept = new Map([['streams.watchlists', text]]);
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    expect(readKept(storage, WATCH_LISTS).problem).toContain('could not be read');
    expect(kept.get('streams.watchlists.before')).toBe(text);
  },
);

test('every column of a watch list shows a symbol of which nothing is known', () => {
  const nobody = { ...unknownRow('A'), rank: 1, book: null, range: null };
  const shown = WATCH_COLUMNS.map((column) => column.format(nobody, { marketMs: 0 }));
  expect(shown.join(' ')).not.toMatch(/NaN|null|undefined|Infinity/);
});

test("the day's high is that of all its sessions, and the spread is what lies between bid and offer", () => {
  const highs = { pre_market_high: 12, regular_session_high: 10, after_hours_high: null };
  const range = { ...highs, pre_market_low: 9, regular_session_low: 8, after_hours_low: null };
  const book = { sym: 'A', t: 0, bp: 10, ap: 10.02 } as WatchRow['book'];
  const watched = { ...unknownRow('A'), close: 9, rank: 1, book, range };
  const shown = (id: string) =>
    WATCH_COLUMNS.find((column) => column.id === id)!.format(watched, { marketMs: 0 });
  expect(['day_high', 'day_low', 'off_high', 'spread'].map(shown)).toEqual([
    '12.00',
    '8.00',
    '−25.00%',
    '0.02',
  ]);
});
