import { onScopeDispose, shallowRef } from 'vue';
import { keyOf } from '@/client/feeds';
import { FEEDS, type Row } from '@/generated/feeds';
import { onBeat } from './clock';
import { useFeeds } from './use_feeds';

/** Each is a feed of its own: beyond so many symbols their last prices are not told. */
const MOST_PRICED = 20;

const keyOfQuote = (symbol: string) => keyOf(FEEDS.QUOTE, symbol);

/**
 * Follows the last prices of the first symbols of a list; returns what tells a symbol's, null where unknown.
 *
 * Which they are is looked at once a second: where alerts pour in they change with each.
 */
export function useLastPrices(symbols: () => readonly string[]): (symbol: string) => number | null {
  const keys = shallowRef<readonly string[]>([]);
  const look = () => {
    const first = new Set<string>();
    for (const symbol of symbols()) {
      first.add(keyOfQuote(symbol));
      if (first.size === MOST_PRICED) break;
    }
    keys.value = [...first];
  };
  look();
  onScopeDispose(onBeat(look));
  const { values } = useFeeds<Row>(() => keys.value);
  return (symbol) => values.value.get(keyOfQuote(symbol))?.close ?? null;
}
