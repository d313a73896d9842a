import { DocumentError, type Shape } from '@/kept/browser';
import { FILTER_FIELDS, NO_FILTERS, type Filters } from '@/filters/filter';
import { SOUNDS, type SoundName } from '@/sound/notes';

/** Whom a rule watches: everyone, one symbol, or the symbols of a watch list. */
export type Watched = { kind: 'all' } | { kind: 'symbol'; symbol: string } | { kind: 'list'; list: string };

/** What a rule waits for. */
export type Source =
  | { kind: 'board'; feed: string; top: number }
  | { kind: 'level'; of: Watched; field: string; level: number; direction: 'up' | 'down' | 'both' }
  | { kind: 'range'; of: Watched; direction: 'high' | 'low' | 'both' }
  | { kind: 'halts'; of: Watched; status: 'halted' | 'resumed' | 'both' }
  | { kind: 'news'; of: Watched };

/** Seconds in which a symbol makes one line and one sound; further alerts raise the line's count. */
export const REPEATS = [0, 60, 300] as const;

/** What the user wants to be told, and how. */
export interface Rule {
  id: string;
  name: string;
  isOn: boolean;
  source: Source;
  /** What the symbol's row must be like, where the source has one. */
  conditions: Filters;
  sound: SoundName | 'none';
  /** 0 to 1, of the page's volume. */
  volume: number;
  isSpoken: boolean;
  /** Whether the system shows it as a notification. */
  isNotified: boolean;
  repeatS: (typeof REPEATS)[number];
  /** Whether it is silent in the first minute after 09:30. */
  isOpeningMuted: boolean;
}

/** What is stored. */
export interface SavedRules {
  schema: typeof SCHEMA;
  rules: Rule[];
}

const SCHEMA = 1;
export const MOST_RULES = 100;
export const MOST_NAME = 60;
/** Boards have 500 rows. */
export const WHOLE_BOARD = 500;

/** Numbers whose levels can be crossed; a float does not move. */
export const LEVEL_FIELDS = FILTER_FIELDS.filter(({ id }) => id !== 'float');

export const SOURCES: Record<Source['kind'], string> = {
  board: 'a symbol enters a board',
  level: 'a level is crossed',
  range: 'a new high or low of the session',
  halts: 'a halt',
  news: 'news',
};

/** Returns what a rule of a kind begins with. */
export function newSource(kind: Source['kind'], of: Watched): Source {
  switch (kind) {
    case 'board':
      return { kind, feed: 'scanners:top_gainers', top: WHOLE_BOARD };
    case 'level':
      return { kind, of, field: 'price', level: 0, direction: 'both' };
    case 'range':
      return { kind, of, direction: 'both' };
    case 'halts':
      return { kind, of, status: 'both' };
    case 'news':
      return { kind, of };
  }
}

/** Returns a rule that waits for something. */
export function newRule(id: string, name: string, source: Source): Rule {
  return {
    id,
    name,
    isOn: true,
    source,
    conditions: NO_FILTERS,
    sound: 'ping',
    volume: 0.7,
    isSpoken: false,
    isNotified: false,
    repeatS: 60,
    isOpeningMuted: true,
  };
}

/** Returns whether conditions on the symbol's numbers apply: halts and news come without a row. */
export function hasRows(source: Source): boolean {
  return source.kind === 'board' || source.kind === 'level' || source.kind === 'range';
}

/** Returns what of a rule decides what it says: with a change of this it is another rule. */
export function judged({ id, source, conditions }: Rule): string {
  return JSON.stringify([id, source, conditions]);
}

type Json = Partial<Record<string, unknown>>;

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}
function oneOf<T>(value: unknown, known: readonly T[], otherwise: T): T {
  return known.includes(value as T) ? (value as T) : otherwise;
}

function readWatched(value: unknown): Watched | null {
  const { kind, symbol, list } = object(value);
  if (kind === 'all') return { kind };
  if (kind === 'symbol' && typeof symbol === 'string') return { kind, symbol };
  return kind === 'list' && typeof list === 'string' ? { kind, list } : null;
}

function readSource(value: unknown): Source | null {
  const given = object(value);
  if (given.kind === 'board') {
    if (typeof given.feed !== 'string') return null;
    return { kind: 'board', feed: given.feed, top: Math.max(1, number(given.top, WHOLE_BOARD)) };
  }
  const of = readWatched(given.of);
  if (of === null) return null;
  switch (given.kind) {
    case 'level': {
      const field = LEVEL_FIELDS.find(({ id }) => id === given.field)?.id;
      if (field === undefined || of.kind === 'all') return null;
      const direction = oneOf(given.direction, ['up', 'down', 'both'] as const, 'both');
      return { kind: 'level', of, field, level: number(given.level, 0), direction };
    }
    case 'range':
      return {
        kind: 'range',
        of,
        direction: oneOf(given.direction, ['high', 'low', 'both'] as const, 'both'),
      };
    case 'halts':
      return {
        kind: 'halts',
        of,
        status: oneOf(given.status, ['halted', 'resumed', 'both'] as const, 'both'),
      };
    case 'news':
      return { kind: 'news', of };
    default:
      return null;
  }
}

function readRule(value: unknown): Rule[] {
  const given = object(value);
  const source = readSource(given.source);
  if (source === null || typeof given.id !== 'string' || typeof given.name !== 'string') return [];
  const otherwise = newRule(given.id, given.name.slice(0, MOST_NAME), source);
  const flag = (name: 'isOn' | 'isSpoken' | 'isNotified' | 'isOpeningMuted') =>
    typeof given[name] === 'boolean' ? given[name] : otherwise[name];
  const conditions = object(given.conditions);
  return [
    {
      ...otherwise,
      isOn: flag('isOn'),
      conditions: { ...NO_FILTERS, ...conditions, bounds: object(conditions.bounds) as Filters['bounds'] },
      sound: oneOf(given.sound, ['none', ...Object.keys(SOUNDS)] as Rule['sound'][], otherwise.sound),
      volume: Math.min(1, Math.max(0, number(given.volume, otherwise.volume))),
      isSpoken: flag('isSpoken'),
      isNotified: flag('isNotified'),
      repeatS: oneOf(given.repeatS, REPEATS, otherwise.repeatS),
      isOpeningMuted: flag('isOpeningMuted'),
    },
  ];
}

/** Returns stored rules; what of them cannot be used is left out. */
function migrated(document: unknown): SavedRules {
  const { schema, rules } = object(document);
  if (typeof schema !== 'number' || !Array.isArray(rules)) throw new DocumentError('they are no alert rules');
  if (schema > SCHEMA) throw new DocumentError('they are of a newer version: reload the page');
  const ids = new Set<string>();
  const read = rules.slice(0, MOST_RULES).flatMap(readRule);
  return { schema: SCHEMA, rules: read.filter(({ id }) => !ids.has(id) && ids.add(id)) };
}

export const ALERT_RULES: Shape<SavedRules> = {
  key: 'streams.alert_rules',
  words: 'alert rules',
  initial: () => ({ schema: SCHEMA, rules: [] }),
  migrated,
};
