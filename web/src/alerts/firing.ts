import { entryId, keyOf, plainText, publishedMs, type Article, type RangeAlert } from '@/client/feeds';
import type { Change } from '@/client/feed_store';
import { filtered, type FilterContext } from '@/filters/filter';
import * as numbers from '@/format/numbers';
import { newYorkDate } from '@/format/time';
import { FEEDS, type Feed, type HaltEntry, type Row } from '@/generated/feeds';
import { LEVEL_FIELDS, type Rule, type Source, type Watched } from './rules';
import type { Names } from './words';

/** What a rule has to say once. */
export interface Firing {
  /** The same for the same event, also after a reload. */
  id: string;
  symbol: string;
  /** Market time, ms since 1970. */
  ms: number;
  price: number | null;
  direction: 'up' | 'down' | null;
  words: string;
}

export interface Lists {
  /** Returns the symbols of a watch list; none where it has been removed. */
  symbolsOf(list: string): readonly string[];
}

/** What a rule is judged by, beside its feed. */
export type RuleContext = FilterContext & Lists & { names: Names };

type SourceOf<K extends Source['kind']> = Extract<Source, { kind: K }>;

/** More symbols than this at once, and more than half of a board, did not enter it: it was made anew. */
const MOST_AT_ONCE = 20;
const BACKLOG = 50;

function symbolsOf(of: Watched, lists: Lists): readonly string[] {
  if (of.kind === 'symbol') return [of.symbol];
  return of.kind === 'list' ? lists.symbolsOf(of.list) : [];
}

function watches(of: Watched, symbol: string, lists: Lists): boolean {
  return of.kind === 'all' || symbolsOf(of, lists).includes(symbol);
}

/** Returns the feeds that a source listens to. */
export function feedsOf(source: Source, lists: Lists): string[] {
  switch (source.kind) {
    case 'board':
      return [source.feed];
    case 'level':
      return symbolsOf(source.of, lists).map((symbol) => keyOf(FEEDS.QUOTE, symbol));
    case 'range':
      return [
        ...(source.direction === 'low' ? [] : [keyOf(FEEDS.HIGH_ALERT)]),
        ...(source.direction === 'high' ? [] : [keyOf(FEEDS.LOW_ALERT)]),
      ];
    case 'halts':
      return [keyOf(FEEDS.HALTS_LATEST)];
    case 'news':
      return [keyOf(FEEDS.NEWS_LATEST)];
  }
}

/** Returns what a rule says to a live payload: nothing where the value before is unknown, as after a snapshot. */
export function fired(rule: Rule, feed: Feed, data: unknown, change: Change, context: RuleContext): Firing[] {
  const { source } = rule;
  const { before, after } = change;
  if (source.kind === 'board') {
    return entered(source, rule, before as Row[] | null, after as Row[] | null, context);
  }
  if (source.kind === 'level')
    return crossed(source, rule, before as Row | null, after as Row | null, context);
  const id = entryId(feed, data);
  const isKnown = ((before ?? []) as unknown[]).some((entry) => entryId(feed, entry) === id);
  return isKnown ? [] : ofEntry(rule, feed, data, context);
}

/** Returns what a rule would have said to the entries of a list, oldest first: to be shown, never sounded. */
export function backlog(rule: Rule, feed: Feed, entries: readonly unknown[], context: RuleContext): Firing[] {
  return entries
    .flatMap((entry) => ofEntry(rule, feed, entry, context))
    .slice(0, BACKLOG)
    .reverse();
}

function entered(
  source: SourceOf<'board'>,
  rule: Rule,
  before: readonly Row[] | null,
  after: readonly Row[] | null,
  context: RuleContext,
): Firing[] {
  // A board that was empty has been made anew: after a restart all its symbols are "new".
  if (before === null || before.length === 0 || after === null) return [];
  const passing = (rows: readonly Row[]) => filtered(rows.slice(0, source.top), rule.conditions, context);
  const were = new Set(passing(before).map(({ symbol }) => symbol));
  const are = passing(after);
  const fresh = are.filter(({ symbol }) => !were.has(symbol));
  if (fresh.length > MOST_AT_ONCE && fresh.length > are.length / 2) return [];
  return fresh.map((row) => ({
    id: `${source.feed} ${row.symbol} ${row.end_timestamp}`,
    symbol: row.symbol,
    ms: row.end_timestamp,
    price: row.close,
    direction: null,
    words: `number ${after.indexOf(row) + 1} of ${context.names.ofBoard(source.feed)}`,
  }));
}

function crossed(
  source: SourceOf<'level'>,
  rule: Rule,
  before: Row | null,
  after: Row | null,
  context: RuleContext,
): Firing[] {
  const field = LEVEL_FIELDS.find(({ id }) => id === source.field);
  if (field === undefined || before === null || after === null) return [];
  // A day begins anew: yesterday's volume has not been crossed downwards.
  const isComparable =
    after.end_timestamp >= before.end_timestamp &&
    newYorkDate(after.end_timestamp) === newYorkDate(before.end_timestamp);
  const [was, is] = [field.value(before), field.value(after)];
  if (!isComparable || was === null || is === null) return [];
  const isUp = was < source.level && is >= source.level;
  const isDown = was > source.level && is <= source.level;
  const isWanted = (isUp && source.direction !== 'down') || (isDown && source.direction !== 'up');
  if (!isWanted || filtered([after], rule.conditions, context).length === 0) return [];
  return [
    {
      id: `${field.id} ${source.level} ${after.symbol} ${after.end_timestamp}`,
      symbol: after.symbol,
      ms: after.end_timestamp,
      price: after.close,
      direction: isUp ? 'up' : 'down',
      words: `${field.label} ${isUp ? 'over' : 'under'} ${field.format(source.level)}`,
    },
  ];
}

function ofEntry({ source, conditions }: Rule, feed: Feed, entry: unknown, context: RuleContext): Firing[] {
  const id = String(entryId(feed, entry));
  switch (source.kind) {
    case 'range': {
      const alert = entry as RangeAlert;
      const isWanted = source.direction === 'both' || source.direction === alert.direction;
      if (!isWanted || !watches(source.of, alert.symbol, context)) return [];
      if (filtered([alert], conditions, context).length === 0) return [];
      const isHigh = alert.direction === 'high';
      return [
        {
          id,
          symbol: alert.symbol,
          ms: alert.timestamp * 1000,
          price: alert.price,
          direction: isHigh ? 'up' : 'down',
          words: alert.note || `new ${alert.direction}, before it ${numbers.price(alert.previous)}`,
        },
      ];
    }
    case 'halts': {
      const { symbol, status, timestamp, note } = entry as HaltEntry;
      const isWanted = source.status === 'both' ? status !== 'trading' : source.status === status;
      if (!isWanted || !watches(source.of, symbol, context)) return [];
      return [{ id, symbol, ms: timestamp * 1000, price: null, direction: null, words: note || status }];
    }
    case 'news': {
      const article = entry as Article;
      const symbol = article.tickers.find((each) => watches(source.of, each, context));
      if (symbol === undefined) return [];
      const ms = publishedMs(article) ?? context.marketMs;
      return [{ id, symbol, ms, price: null, direction: null, words: plainText(article.title) }];
    }
    default:
      return [];
  }
}
