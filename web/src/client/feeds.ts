import type { Alert, Bar, HaltEntry, Row } from '@/generated/feeds';
import { FEEDS, type Feed } from '@/generated/feeds';

/** An article: the vendor's fields as they came, and its US tickers. */
export interface Article {
  link: string;
  title: string;
  tickers: string[];
  summary?: string | null;
  source?: string | null;
  publishDate?: string | null;
  isUpdate?: boolean;
}

export type RangeAlert = Alert & Row;

const PATTERNS: [Feed, string, string, boolean][] = Object.values(FEEDS).map((feed) => {
  const [head = '', tail] = feed.pattern.split('{}');
  return [feed, head, tail ?? '', tail !== undefined];
});

/** Returns the key of a feed, for a symbol where the feed is one of a family. */
export function keyOf(feed: Feed, symbol?: string): string {
  return symbol === undefined ? feed.pattern : feed.pattern.replace('{}', () => symbol);
}

/** Returns the catalogue's feed of a key, null where there is none. */
export function feedOf(key: string): Feed | null {
  const found = PATTERNS.find(([, head, tail, isFamily]) =>
    isFamily
      ? key.length > head.length + tail.length && key.startsWith(head) && key.endsWith(tail)
      : key === head,
  );
  return found?.[0] ?? null;
}

/** How a list feed's entries are told apart and ordered, newest first, and how many a page keeps. */
interface ListRule {
  keep: number;
  id(entry: never): string | number;
  time(entry: never): number;
}

const ALERTS: ListRule = {
  keep: 500,
  id: (alert: RangeAlert) => alert.id,
  time: (alert: RangeAlert) => alert.timestamp,
};
const NEWS: ListRule = {
  keep: 200,
  id: (article: Article) => article.link,
  time: (article: Article) => publishedMs(article) ?? 0,
};
const BARS: ListRule = { keep: 960, id: (bar: Bar) => bar.t, time: (bar: Bar) => bar.t };

const LISTS = new Map<Feed, ListRule>([
  [FEEDS.HIGH_ALERT, ALERTS],
  [FEEDS.LOW_ALERT, ALERTS],
  [FEEDS.NEWS_LATEST, NEWS],
  [FEEDS.NEWS_TICKER, NEWS],
  [
    FEEDS.HALTS_LATEST,
    {
      keep: 500,
      id: (halt: HaltEntry) => `${halt.symbol} ${halt.status} ${halt.timestamp}`,
      time: (halt: HaltEntry) => halt.timestamp,
    },
  ],
  [FEEDS.BARS_MINUTE, BARS],
  [FEEDS.BARS_5_MINUTES, BARS],
  [FEEDS.BARS_15_MINUTES, BARS],
  [FEEDS.BARS_HOUR, BARS],
]);

const BOARDS: ReadonlySet<Feed> = new Set([
  FEEDS.TOP_VOLUME,
  FEEDS.TOP_GAPPERS,
  FEEDS.TOP_GAINERS,
  FEEDS.SCREENER,
]);

/** Returns whether a feed is a board: rows by symbol, of which changes can be asked for. */
export function isBoard(feed: Feed): boolean {
  return BOARDS.has(feed);
}

/** Returns how many entries of a list feed a page asks for; 0 for a feed that is no list. */
export function limitOf(feed: Feed): number {
  return LISTS.get(feed)?.keep ?? 0;
}

/** Returns what tells an entry of a list feed from others. */
export function entryId(feed: Feed, entry: unknown): string | number {
  const rule = LISTS.get(feed);
  if (rule === undefined) throw new Error(`${feed.pattern} is no list`);
  return rule.id(entry as never);
}

/** Returns a list with an entry put in its place by time; one with the same id is replaced. */
export function merged(feed: Feed, list: readonly unknown[], entry: unknown): unknown[] {
  const rule = LISTS.get(feed);
  if (rule === undefined) throw new Error(`${feed.pattern} is no list`);
  const id = rule.id(entry as never);
  const time = rule.time(entry as never);
  const others = list.filter((other) => rule.id(other as never) !== id);
  const position = others.findIndex((other) => rule.time(other as never) <= time);
  others.splice(position < 0 ? others.length : position, 0, entry);
  if (others.length > rule.keep) others.length = rule.keep;
  return others;
}

/** Returns an article's title as plain text: vendors' titles hold entities and tags. */
export function plainText(text: string): string {
  if (!/[<&]/.test(text)) return text;
  // The document is inert: nothing of it runs or is fetched.
  return new DOMParser().parseFromString(text, 'text/html').body.textContent.trim() || text;
}

/** Returns when an article was published, ms since 1970; dates without a zone are UTC. */
export function publishedMs(article: Article): number | null {
  const date = article.publishDate;
  if (typeof date !== 'string') return null;
  const ms = Date.parse(/[zZ]$|[+-]\d\d:?\d\d$/.test(date) ? date : `${date}Z`);
  return Number.isNaN(ms) ? null : ms;
}

/**
 * Returns the newest market time of a payload, ms since 1970: what ages are measured by.
 *
 * Null where it tells none: the calendar, news, and what is unknown.
 */
export function eventMs(feed: Feed | null, data: unknown): number | null {
  switch (feed) {
    case FEEDS.TOP_VOLUME:
    case FEEDS.TOP_GAPPERS:
    case FEEDS.TOP_GAINERS:
    case FEEDS.SCREENER:
      return newest(data as Row[]);
    case FEEDS.QUOTE:
    case FEEDS.DAILY_RANGE:
      return (data as Row).end_timestamp;
    case FEEDS.QUOTE_NBBO:
    case FEEDS.TRADE:
      return (data as { t: number }).t;
    case FEEDS.TOP_TRADES_ALL:
      return (data as { timestamp: number }).timestamp;
    case FEEDS.TOP_TRADES:
      return (data as { latest_timestamp: number }).latest_timestamp;
    default:
      return null;
  }
}

function newest(rows: Row[]): number | null {
  let latest = 0;
  for (const row of rows) if (row.end_timestamp > latest) latest = row.end_timestamp;
  return latest || null;
}

/** Returns the symbols whose newest entry is a halt; entries are newest first. */
export function haltedSymbols(entries: readonly HaltEntry[]): Set<string> {
  const seen = new Set<string>();
  const halted = new Set<string>();
  for (const entry of entries) {
    if (!seen.has(entry.symbol) && entry.status === 'halted') halted.add(entry.symbol);
    seen.add(entry.symbol);
  }
  return halted;
}
