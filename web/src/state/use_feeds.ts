import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue';
import { market } from './market';

/** Shows several latest-value feeds by key: a map of their values, replaced when one changes. */
export function useFeeds<T>(keys: () => readonly string[]): ShallowRef<ReadonlyMap<string, T>> {
  const values = shallowRef<ReadonlyMap<string, T>>(new Map());
  const held = new Map<string, () => void>();
  watch(
    () => [...keys()].sort().join('\n'),
    (joined) => {
      const wanted = new Set(joined === '' ? [] : joined.split('\n'));
      for (const [key, leave] of held) {
        if (wanted.has(key)) continue;
        leave();
        held.delete(key);
      }
      for (const key of wanted) if (!held.has(key)) held.set(key, hold(key));
      values.value = new Map([...values.value].filter(([key]) => wanted.has(key)));
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    for (const leave of held.values()) leave();
  });

  function hold(key: string): () => void {
    const store = market.hold(key);
    const show = () => {
      if (store.value !== null) values.value = new Map(values.value).set(key, store.value as T);
    };
    const unwatch = store.watch(show);
    show();
    return () => {
      unwatch();
      market.release(key);
    };
  }
  return values;
}
