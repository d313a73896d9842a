import { shallowRef, type ShallowRef } from 'vue';
import { FEEDS, type HaltEntry } from '@/generated/feeds';
import { haltedSymbols } from '@/client/feeds';
import type { FeedStore } from '@/client/feed_store';
import { market } from './market';

/** What stands beside symbols: the time of their newest article, and whether they are halted. */
export interface Marks {
  /** Time of the newest article by symbol, ms since 1970. */
  news: ShallowRef<ReadonlyMap<string, number>>;
  halted: ShallowRef<ReadonlySet<string>>;
}

const marks: Marks = { news: shallowRef(new Map()), halted: shallowRef(new Set()) };
let isHeld = false;

/** Returns the marks of all symbols, shared by all widgets. */
export function useMarks(): Marks {
  if (isHeld) return marks;
  isHeld = true;
  hold(FEEDS.NEWS_RECENT.pattern, (store) => {
    marks.news.value = new Map(Object.entries((store.value ?? {}) as Record<string, number>));
  });
  hold(FEEDS.HALTS_LATEST.pattern, (store) => {
    marks.halted.value = haltedSymbols((store.value ?? []) as HaltEntry[]);
  });
  return marks;
}

function hold(key: string, take: (store: FeedStore) => void): void {
  const store = market.hold(key);
  store.watch(() => take(store));
}
