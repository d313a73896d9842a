import { expect, test } from 'vitest';
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
