import { onScopeDispose, shallowRef } from 'vue';
import { isBoard, keyOf } from '@/client/feeds';
import { FEEDS, type Row } from '@/generated/feeds';
import { onBeat } from './clock';
import { market } from './market';
import { useFeeds } from './use_feeds';

/** Each is a feed of its own: beyond so many symbols only boards tell last prices. */
const MOST_FEEDS = 20;

const keyOfQuote = (symbol: string) => keyOf(FEEDS.QUOTE, symbol);

/** Returns the last prices on all boards that the page shows. */
function boardPrices(): ReadonlyMap<string, number> {
  const prices = new Map<string, number>();
  for (const { feed, value } of market.stores()) {
    if (feed === null || !isBoard(feed)) continue;
    for (const row of (value ?? []) as Row[]) prices.set(row.symbol, row.close);
  }
  return prices;
}

/** Returns the last price of a symbol that any feed of the page tells; null where none does. */
export function lastPriceOf(symbol: string): number | null {
  const quote = market.stores().find(({ key }) => key === keyOfQuote(symbol));
  return (quote?.value as Row | null | undefined)?.close ?? boardPrices().get(symbol) ?? null;
}

/**
 * Follows the last prices of the symbols of a list; returns what tells a symbol's, null where unknown.
 *
 * The first have feeds of their own, the others what the boards of the page tell. Which are the first is looked at
 * once a second: where alerts pour in they change with each.
 */
export function useLastPrices(symbols: () => readonly string[]): (symbol: string) => number | null {
  const keys = shallowRef<readonly string[]>([]);
  const onBoards = shallowRef<ReadonlyMap<string, number>>(new Map());
  const look = () => {
    const first = new Set<string>();
    for (const symbol of symbols()) {
      first.add(keyOfQuote(symbol));
      if (first.size === MOST_FEEDS) break;
    }
    keys.value = [...first];
    onBoards.value = boardPrices();
  };
  look();
  onScopeDispose(onBeat(look));
  const { values } = useFeeds<Row>(() => keys.value);
  return (symbol) => values.value.get(keyOfQuote(symbol))?.close ?? onBoards.value.get(symbol) ?? null;
}
