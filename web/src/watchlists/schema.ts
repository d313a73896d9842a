import { DocumentError, type Shape } from '@/kept/browser';

/** Symbols that a user watches, in the user's order. */
export interface WatchList {
  id: string;
  name: string;
  symbols: string[];
}

/** What is stored. */
export interface SavedLists {
  schema: typeof SCHEMA;
  lists: WatchList[];
}

const SCHEMA = 1;
const MOST_LISTS = 50;
/** Each symbol is a feed of its own. */
export const MOST_SYMBOLS = 250;
export const MOST_NAME = 60;
/** What the vendor calls symbols: BRK.B, BACpL (a preferred share), X:BTCUSD; no wildcard of feeds. */
const SYMBOL = /^[A-Za-z0-9][A-Za-z0-9.\-+=:/&$^]{0,23}$/;
/** An exchange before a symbol, as charting sites export it: NASDAQ:AAPL. X:BTCUSD is the vendor's own. */
const EXCHANGE = /^[A-Z]{3,}:/;

/** Returns the symbol that a user typed; null where it can be none. */
export function symbolIn(word: string): string | null {
  const bare = word.replace(/^\$/, '').replace(EXCHANGE, '');
  // A small letter among capitals says something: BACpL is a preferred share.
  const isMixed = /[a-z]/.test(bare) && (bare.match(/[A-Z]/g)?.length ?? 0) > 1;
  return SYMBOL.test(bare) ? (isMixed ? bare : bare.toUpperCase()) : null;
}

/** Returns the symbols of a text, each once, in its order, and the words that can be none. */
export function symbolsIn(text: string): { symbols: string[]; others: string[] } {
  const symbols = new Set<string>();
  const others: string[] = [];
  for (const word of text.split(/[\s,;|"']+/)) {
    if (word === '' || word.startsWith('#')) continue;
    const symbol = symbolIn(word);
    if (symbol === null) others.push(word);
    else symbols.add(symbol);
  }
  return { symbols: [...symbols], others };
}

/** Returns lists as a text: a line "# name" before the symbols of each, one a line. */
export function asText(lists: readonly WatchList[]): string {
  return lists.map(({ name, symbols }) => [`# ${name}`, ...symbols, ''].join('\n')).join('\n');
}

/** Returns the lists of a text: a line that begins with one # names one; symbols before any have the name given. */
export function listsIn(text: string, otherwise: string): Omit<WatchList, 'id'>[] {
  const found: { name: string; lines: string[] }[] = [{ name: otherwise, lines: [] }];
  for (const line of text.split(/\r?\n/)) {
    const heading = /^#(?!#)\s*(.*\S)/.exec(line)?.[1];
    if (heading === undefined) found.at(-1)!.lines.push(line);
    else found.push({ name: heading.slice(0, MOST_NAME), lines: [] });
  }
  return found
    .map(({ name, lines }) => ({ name, symbols: symbolsIn(lines.join('\n')).symbols.slice(0, MOST_SYMBOLS) }))
    .filter(({ symbols }, index) => index > 0 || symbols.length > 0);
}

/** Returns stored lists; what of them cannot be used is left out. */
function migrated(document: unknown): SavedLists {
  const { schema, lists } = (document ?? {}) as Partial<Record<keyof SavedLists, unknown>>;
  if (typeof schema !== 'number' || !Array.isArray(lists)) throw new DocumentError('they are no watch lists');
  if (schema > SCHEMA) throw new DocumentError('they are of a newer version: reload the page');
  const ids = new Set<string>();
  const read = (lists as Partial<WatchList>[]).slice(0, MOST_LISTS).flatMap((list) => {
    if (typeof list?.id !== 'string' || typeof list.name !== 'string' || ids.has(list.id)) return [];
    ids.add(list.id);
    const words = Array.isArray(list.symbols) ? list.symbols.join(' ') : '';
    return [
      {
        id: list.id,
        name: list.name.slice(0, MOST_NAME),
        symbols: symbolsIn(words).symbols.slice(0, MOST_SYMBOLS),
      },
    ];
  });
  return { schema: SCHEMA, lists: read };
}

export const WATCH_LISTS: Shape<SavedLists> = {
  key: 'streams.watchlists',
  words: 'watch lists',
  initial: () => ({ schema: SCHEMA, lists: [{ id: 'first', name: 'Watch list', symbols: [] }] }),
  migrated,
};
