import { onScopeDispose, shallowRef, triggerRef, watch, type ShallowRef } from 'vue';
import type { FeedStore } from '@/client/feed_store';
import { market } from './market';
import { told, useTold, type Told, type UsedFeed } from './use_feed';

/** Several latest-value feeds: their values by key, and their state as that of one. */
export interface UsedFeeds<T> {
  values: ShallowRef<ReadonlyMap<string, T>>;
  feed: UsedFeed<ReadonlyMap<string, T>>;
}

const PACE_MS = 500;

/** Shows several feeds by key. */
export function useFeeds<T>(keys: () => readonly string[]): UsedFeeds<T> {
  // Changed in place: with a copy a change of each of 250 symbols would cost 250 copies of them all.
  const known = new Map<string, T>();
  const values = shallowRef<ReadonlyMap<string, T>>(known);
  const state = shallowRef<Told>(told([]));
  const sinceMs = shallowRef(market.now());
  const held = new Map<string, { store: FeedStore; leave: () => void }>();

  watch(
    () => [...keys()].sort().join('\n'),
    (joined) => {
      const wanted = new Set(joined === '' ? [] : joined.split('\n'));
      for (const [key, { leave }] of held) {
        if (wanted.has(key)) continue;
        leave();
        held.delete(key);
        known.delete(key);
      }
      for (const key of wanted) if (!held.has(key)) hold(key);
      show();
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    if (pending !== null) clearTimeout(pending);
    for (const { leave } of held.values()) leave();
  });

  function hold(key: string): void {
    const store = market.hold(key);
    const unwatch = store.watch(() => {
      take(store);
      schedule();
    });
    take(store);
    held.set(key, {
      store,
      leave: () => {
        unwatch();
        market.release(key);
      },
    });
  }
  function take(store: FeedStore): void {
    if (store.value === null) known.delete(store.key);
    else known.set(store.key, store.value as T);
  }
  let pending: ReturnType<typeof setTimeout> | null = null;
  /** Shows together what changes: hundreds of symbols do at each frame, and nobody reads 60 tables a second. */
  function schedule(): void {
    pending ??= setTimeout(() => {
      pending = null;
      show();
    }, PACE_MS);
  }
  function show(): void {
    state.value = told([...held.values()].map(({ store }) => store));
    triggerRef(values);
  }
  return { values, feed: { value: values, ...useTold(state, sinceMs, null) } };
}
