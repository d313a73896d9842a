import { expect, test } from 'vitest';
import { backlog, feedsOf, fired, type Firing, type RuleContext } from '@/alerts/firing';
import { AlertLog } from '@/alerts/log';
import { ALERT_RULES, newRule, type Rule, type Source, type Watched } from '@/alerts/rules';
import { COMMON_BOARDS, inWords, type Names } from '@/alerts/words';
import { NO_FILTERS } from '@/filters/filter';
import { FEEDS, type HaltEntry } from '@/generated/feeds';
import { row } from './rows';

const LIST: Watched = { kind: 'list', list: 'mine' };
const NAMES: Names = {
  ofList: (list) => (list === 'mine' ? 'Mine' : undefined),
  ofBoard: (feed) => COMMON_BOARDS[feed] ?? feed,
};
const CONTEXT: RuleContext = {
  names: NAMES,
  marketMs: 0,
  news: new Map(),
  symbolsOf: (list) => (list === 'mine' ? ['A', 'B'] : []),
};
const rule = (source: Source, more: Partial<Rule> = {}) => ({ ...newRule('r', 'Rule', source), ...more });
const symbols = (firings: Firing[]) => firings.map(({ symbol }) => symbol);

const BOARD = { kind: 'board', feed: 'scanners:top_gainers', top: 500 } as const;
const enters = (
  before: string[] | null,
  after: string[],
  source: Source = BOARD,
  more: Partial<Rule> = {},
) => {
  const rows = (names: string[] | null) => names?.map((name) => row(name)) ?? null;
  const change = { before: rows(before), after: rows(after) };
  return symbols(fired(rule(source, more), FEEDS.TOP_GAINERS, null, change, CONTEXT));
};

test('who was not on the board has entered it', () => {
  expect(enters(['A', 'B'], ['C', 'A', 'B'])).toEqual(['C']);
  expect(enters(['A', 'B'], ['B', 'A'])).toEqual([]);
});

test('nobody enters a board that is not known yet, that was empty, or that is made anew', () => {
  const many = Array.from({ length: 40 }, (_, at) => `S${at}`);
  expect(enters(null, ['A'])).toEqual([]);
  expect(enters([], ['A'])).toEqual([]);
  expect(enters(['A'], many)).toEqual([]);
});

test('the first places of a board can be entered from below', () => {
  expect(enters(['A', 'B', 'C'], ['A', 'C', 'B'], { ...BOARD, top: 2 })).toEqual(['C']);
});

test('who begins to match the conditions has entered, too', () => {
  const conditions = { ...NO_FILTERS, bounds: { price: { min: 5 } } };
  const change = { before: [row('A', { close: 4 })], after: [row('A', { close: 5 })] };
  expect(symbols(fired(rule(BOARD, { conditions }), FEEDS.TOP_GAINERS, null, change, CONTEXT))).toEqual([
    'A',
  ]);
});

const HOUR_MS = 3_600_000;
const NOON_MS = Date.parse('2026-03-02T17:00:00Z');
type Fields = Parameters<typeof row>[1];
function crosses(direction: 'up' | 'down' | 'both', was: Fields | null, is: Fields, field = 'price') {
  const source: Source = { kind: 'level', of: LIST, field, level: 10, direction };
  const at = (fields: Fields, ms: number) => row('A', { end_timestamp: ms, ...fields });
  const change = { before: was === null ? null : at(was, NOON_MS), after: at(is, NOON_MS + 1000) };
  return fired(rule(source), FEEDS.QUOTE, null, change, CONTEXT).map((firing) => firing.direction);
}

test.each([
  ['up', 9.99, 10, ['up']],
  ['up', 10, 10.5, []],
  ['up', 10.5, 9, []],
  ['down', 10.01, 10, ['down']],
  ['both', 9, 11, ['up']],
  ['both', 11, 9, ['down']],
  ['both', 11, 12, []],
] as const)('a level is crossed %s from %d to %d: %j', (direction, was, is, told) => {
  expect(crosses(direction, { close: was }, { close: is })).toEqual(told);
});

test('no level is crossed from the unknown, over a new day, nor by an older row', () => {
  expect(crosses('both', null, { close: 11 })).toEqual([]);
  expect(crosses('both', { pct_change: null }, { pct_change: 11 }, 'change')).toEqual([]);
  expect(crosses('both', { close: 9, end_timestamp: NOON_MS - 24 * HOUR_MS }, { close: 11 })).toEqual([]);
  expect(crosses('both', { close: 9 }, { close: 11, end_timestamp: NOON_MS - 1 })).toEqual([]);
});

test('a rule listens to the feeds of its symbols alone', () => {
  const level = (of: Watched): Source => ({ kind: 'level', of, field: 'price', level: 1, direction: 'up' });
  expect(feedsOf(level(LIST), CONTEXT)).toEqual(['quote:A', 'quote:B']);
  expect(feedsOf(level({ kind: 'symbol', symbol: 'X' }), CONTEXT)).toEqual(['quote:X']);
  expect(feedsOf(level({ kind: 'list', list: 'gone' }), CONTEXT)).toEqual([]);
  expect(feedsOf({ kind: 'range', of: LIST, direction: 'low' }, CONTEXT)).toEqual(['daily_range_lod_alert']);
});

const alert = (symbol: string, timestamp: number, direction = 'high') => ({
  ...row(symbol),
  ...{ id: `${symbol} ${timestamp}`, hits: 1, session: 'regular', price: 11, previous: 10, note: '' },
  timestamp,
  direction,
});

test('highs and lows, halts and news are told of the symbols that are watched', () => {
  const nothing = { before: [], after: [] };
  const highs = rule({ kind: 'range', of: LIST, direction: 'high' });
  expect(symbols(fired(highs, FEEDS.HIGH_ALERT, alert('A', 1), nothing, CONTEXT))).toEqual(['A']);
  expect(fired(highs, FEEDS.HIGH_ALERT, alert('C', 1), nothing, CONTEXT)).toEqual([]);
  const halts = rule({ kind: 'halts', of: { kind: 'all' }, status: 'halted' });
  const halt = (status: string) =>
    ({ symbol: 'Z', status, timestamp: NOON_MS / 1000, note: 'halted' }) as HaltEntry;
  expect(fired(halts, FEEDS.HALTS_LATEST, halt('halted'), nothing, CONTEXT)).toMatchObject([
    { symbol: 'Z', ms: NOON_MS },
  ]);
  expect(fired(halts, FEEDS.HALTS_LATEST, halt('resumed'), nothing, CONTEXT)).toEqual([]);
  const news = rule({ kind: 'news', of: LIST });
  const article = { link: 'l', title: 'What', tickers: ['C', 'B'], publishDate: '2026-03-02T17:00:00Z' };
  expect(fired(news, FEEDS.NEWS_LATEST, article, nothing, CONTEXT)).toMatchObject([
    { id: 'l', symbol: 'B', ms: NOON_MS, words: 'What' },
  ]);
});

test('what is told again, as after a restart of the server, is no news', () => {
  const highs = rule({ kind: 'range', of: LIST, direction: 'both' });
  const before = [alert('A', 1)];
  expect(fired(highs, FEEDS.HIGH_ALERT, alert('A', 1), { before, after: before }, CONTEXT)).toEqual([]);
});

const firing = (ms: number, symbol = 'A'): Firing => ({
  ...{ id: `${symbol} ${ms}`, symbol, ms, price: ms, direction: 'up', words: String(ms) },
});
const shown = (log: AlertLog) => log.lines.map(({ symbol, words, count }) => `${symbol} ${words} ×${count}`);

test('within the time of a rule a symbol has one line and one sound', () => {
  const [log, it] = [new AlertLog(), rule(BOARD, { repeatS: 60 })];
  const born = [0, 30_000, 59_999, 60_000].map((ms) => log.take(it, firing(ms)));
  expect(born).toEqual([true, false, false, true]);
  expect(log.take(it, firing(40_000, 'B'))).toBe(true);
  expect(shown(log)).toEqual(['A 60000 ×1', 'B 40000 ×1', 'A 59999 ×3']);
});

test('with 0 s each event is a line, and the same one never twice', () => {
  const [log, it] = [new AlertLog(), rule(BOARD, { repeatS: 0 })];
  expect([1, 2, 2].map((ms) => log.take(it, firing(ms)))).toEqual([true, true, false]);
});

test('the backlog after a reload adds what was missed, and counts nothing twice', () => {
  const it = rule({ kind: 'range', of: LIST, direction: 'both' }, { repeatS: 60 });
  const before = new AlertLog();
  for (const s of [100, 110, 120]) before.take(it, firing(s * 1000));
  const after = new AlertLog(JSON.parse(JSON.stringify(before.lines)) as AlertLog['lines']);
  after.takeBacklog(
    it,
    [100, 110, 120, 300].map((s) => firing(s * 1000)),
  );
  expect(shown(after)).toEqual(['A 300000 ×1', 'A 120000 ×3']);
});

test('what was cleared away does not come back with the backlog', () => {
  const [log, it] = [new AlertLog(), rule(BOARD, { repeatS: 0 })];
  for (const ms of [1, 2]) log.take(it, firing(ms));
  log.clear();
  log.takeBacklog(it, [firing(1), firing(2), firing(3)]);
  expect(shown(log)).toEqual(['A 3 ×1']);
});

test('what a rule said before it was changed can be taken back, without that of others', () => {
  const log = new AlertLog();
  log.take(rule(BOARD), firing(1));
  log.take(rule(BOARD, { id: 'other' }), firing(2));
  log.forget('r');
  expect(shown(log)).toEqual(['A 2 ×1']);
});

test('a backlog is told oldest first, and is bounded', () => {
  const it = rule({ kind: 'range', of: LIST, direction: 'both' });
  const newestFirst = Array.from({ length: 200 }, (_, at) => alert('A', 1000 - at));
  const told = backlog(it, FEEDS.HIGH_ALERT, newestFirst, CONTEXT);
  expect(told.length).toBe(50);
  expect(told.at(-1)!.ms).toBe(1_000_000);
});

test('rules come back as they were stored; what of them cannot be used is left out', () => {
  const rules = [
    rule(BOARD),
    rule({ kind: 'level', of: LIST, field: 'volume', level: 5, direction: 'up' }, { id: 's', repeatS: 300 }),
    rule({ kind: 'news', of: { kind: 'all' } }, { id: 't', sound: 'none' }),
  ];
  const stored = JSON.parse(JSON.stringify({ schema: 1, rules })) as { rules: unknown[] };
  expect(ALERT_RULES.migrated(stored).rules).toEqual(rules);
  stored.rules.push(null, { id: 'x' }, { ...rules[0], id: 'y', source: { kind: 'no such' } });
  expect(ALERT_RULES.migrated(stored).rules).toEqual(rules);
  const odd = { ...rules[0], sound: 'siren', repeatS: 7, volume: 9, conditions: 3 };
  expect(ALERT_RULES.migrated({ schema: 1, rules: [odd] }).rules).toEqual([{ ...rules[0], volume: 1 }]);
});

test('a rule reads as a sentence', () => {
  const words = (source: Source) => inWords(rule(source), NAMES);
  expect(words({ ...BOARD, top: 20 })).toBe('a symbol enters the first 20 of Top Gainers');
  expect(words({ kind: 'level', of: LIST, field: 'price', level: 10, direction: 'up' })).toBe(
    'Price of any symbol of Mine rises over $10.00',
  );
  expect(words({ kind: 'news', of: { kind: 'list', list: 'gone' } })).toBe(
    'news of any symbol of a removed list',
  );
});
