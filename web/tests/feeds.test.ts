import { expect, test } from 'vitest';
import { eventMs, feedOf, haltedSymbols, keyOf, limitOf, merged, publishedMs } from '@/client/feeds';
import { applied } from '@/client/messages';
import { FEEDS, type Bar, type HaltEntry } from '@/generated/feeds';
import { changedBars, dayVwap, spans } from '@/chart/day';
import { row } from './rows';

test('keys and feeds find each other, also with signs in symbols', () => {
  for (const symbol of ['AAPL', 'BRK.B', 'A$&B', 'ABR-D', 'X:Y']) {
    const key = keyOf(FEEDS.TOP_TRADES, symbol);
    expect(key).toBe(`tta:${symbol}:widget`);
    expect(feedOf(key)).toBe(FEEDS.TOP_TRADES);
  }
  expect(feedOf('scanners:top_gainers')).toBe(FEEDS.TOP_GAINERS);
  expect(feedOf('scanners:mine')).toBe(FEEDS.SCREENER);
  expect(feedOf('nothing')).toBeNull();
});

const bar = (t: number, c = 1): Bar => ({ t, o: c, h: c + 1, l: c - 1, c, v: 10, vw: c, final: true });

test('an entry takes its place by time, and replaces the one with its id', () => {
  const list = [bar(3), bar(1)];
  expect((merged(FEEDS.BARS_MINUTE, list, bar(2)) as Bar[]).map(({ t }) => t)).toEqual([3, 2, 1]);
  expect(merged(FEEDS.BARS_MINUTE, list, bar(1, 9))).toEqual([bar(3), bar(1, 9)]);
  expect(list).toEqual([bar(3), bar(1)]);
});

test('a list keeps no more than the page asks for', () => {
  let list: unknown[] = [];
  for (let t = 0; t < limitOf(FEEDS.BARS_MINUTE) + 50; t += 1) list = merged(FEEDS.BARS_MINUTE, list, bar(t));
  expect(list).toHaveLength(limitOf(FEEDS.BARS_MINUTE));
  expect((list[0] as Bar).t).toBe(limitOf(FEEDS.BARS_MINUTE) + 49);
});

test('a corrected article replaces its line', () => {
  const article = { link: 'l', title: 'first', tickers: [], publishDate: '2026-11-20T10:00:00' };
  const list = merged(FEEDS.NEWS_LATEST, [article], { ...article, title: 'CORRECTED' });
  expect(list).toEqual([{ ...article, title: 'CORRECTED' }]);
});

test('dates of articles without a zone are UTC', () => {
  const at = (publishDate: string) => publishedMs({ link: '', title: '', tickers: [], publishDate });
  expect(at('2026-11-20T10:00:00')).toBe(Date.UTC(2026, 10, 20, 10));
  expect(at('2026-11-20T10:00:00-05:00')).toBe(Date.UTC(2026, 10, 20, 15));
  expect(at('yesterday')).toBeNull();
});

test('the time of a board is that of its newest row', () => {
  const board = [row('A', { end_timestamp: 5 }), row('B', { end_timestamp: 9 })];
  expect(eventMs(FEEDS.TOP_VOLUME, board)).toBe(9);
  expect(eventMs(FEEDS.TOP_VOLUME, [])).toBeNull();
});

test('a delta makes the next board; what did not change stays the same object', () => {
  const board = [row('A'), row('B'), row('C')];
  const after = applied(board, {
    removed: ['A'],
    changed: [{ symbol: 'C', close: 9 }, row('D') as never],
    order: ['D', 'C', 'B'],
  });
  expect(after.map(({ symbol }) => symbol)).toEqual(['D', 'C', 'B']);
  expect(after[1]).toEqual(row('C', { close: 9 }));
  expect(after[2]).toBe(board[1]);
  expect(applied(board, { changed: [{ symbol: 'B', close: 2 }] }).map(({ symbol }) => symbol)).toEqual([
    'A',
    'B',
    'C',
  ]);
});

test('a symbol is halted while its newest entry is a halt', () => {
  const entry = (symbol: string, status: string) => ({ symbol, status }) as HaltEntry;
  const entries = [entry('A', 'resumed'), entry('B', 'halted'), entry('A', 'halted')];
  expect([...haltedSymbols(entries)]).toEqual(['B']);
});

test('a chart is told only the bars at its end that are new or changed', () => {
  const [one, two, three] = [bar(1), bar(2), bar(3)];
  expect(changedBars([one, two], [one, two, three])).toEqual([three]);
  const corrected = bar(2, 5);
  expect(changedBars([one, two], [one, corrected, three])).toEqual([corrected, three]);
  expect(changedBars([one, two], [bar(1, 7), two])).toBeNull();
  expect(changedBars([one, two], [bar(9)])).toBeNull();
  expect(changedBars([], [one])).toBeNull();
});

test('sessions of a day have their highs and lows, the day its VWAP', () => {
  const bars = [bar(1, 5), bar(2, 7), bar(3, 1)];
  const found = spans(bars, (ms) => (ms < 3 ? 'pre_market' : 'regular_session'));
  expect(found).toEqual([
    { session: 'pre_market', startMs: 1, endMs: 2, high: 8, low: 4 },
    { session: 'regular_session', startMs: 3, endMs: 3, high: 2, low: 0 },
  ]);
  expect(dayVwap(bars)).toEqual([5, 6, 13 / 3]);
});
