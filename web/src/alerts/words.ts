import { FEEDS } from '@/generated/feeds';
import { LEVEL_FIELDS, WHOLE_BOARD, type Rule, type Watched } from './rules';

/** The boards that every installation has. */
export const COMMON_BOARDS: Record<string, string> = {
  [FEEDS.TOP_GAINERS.pattern]: 'Top Gainers',
  [FEEDS.TOP_GAPPERS.pattern]: 'Top Gappers',
  [FEEDS.TOP_VOLUME.pattern]: 'Top Volume',
};

/** What the user calls things. */
export interface Names {
  /** Returns a watch list's name; undefined where it has been removed. */
  ofList(list: string): string | undefined;
  ofBoard(feed: string): string;
}

const CROSSES = { up: 'rises over', down: 'falls under', both: 'crosses' };
const RANGES = { high: 'a new high', low: 'a new low', both: 'a new high or low' };
const HALTS = { halted: 'is halted', resumed: 'is resumed', both: 'is halted or resumed' };

/** Returns what a rule waits for, in words. */
export function inWords({ source }: Rule, names: Names): string {
  const who = (of: Watched) => {
    if (of.kind === 'symbol') return of.symbol === '' ? 'a symbol to be named' : of.symbol;
    return of.kind === 'all' ? 'any symbol' : `any symbol of ${names.ofList(of.list) ?? 'a removed list'}`;
  };
  switch (source.kind) {
    case 'board': {
      const place = source.top < WHOLE_BOARD ? `the first ${source.top} of ` : '';
      return `a symbol enters ${place}${names.ofBoard(source.feed)}`;
    }
    case 'level': {
      const field = LEVEL_FIELDS.find(({ id }) => id === source.field)!;
      return `${field.label} of ${who(source.of)} ${CROSSES[source.direction]} ${field.format(source.level)}`;
    }
    case 'range':
      return `${RANGES[source.direction]} of ${who(source.of)}`;
    case 'halts':
      return `${who(source.of)} ${HALTS[source.status]}`;
    case 'news':
      return `news of ${who(source.of)}`;
  }
}

/** Returns what a rule is called: what it waits for, where the user gave it no name. */
export function titleOf(rule: Rule, names: Names): string {
  return rule.name || inWords(rule, names);
}
