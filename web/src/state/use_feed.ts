import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue';
import type { FeedStore } from '@/client/feed_store';
import type { LinkState } from '@/client/connection';
import { freshness, type Freshness } from '@/client/freshness';
import { useCalendar } from './calendar';
import { useClock } from './clock';
import { market } from './market';

/** A feed as a widget shows it. */
export interface UsedFeed<T> {
  value: ShallowRef<T | null>;
  /** Whether its value was ever told, be it that there is none. */
  isTold: ShallowRef<boolean>;
  link: ShallowRef<LinkState>;
  reason: ShallowRef<string>;
  state: ComputedRef<Freshness>;
  /** Since the last live payload, ms; null before the first. */
  ageMs: ComputedRef<number | null>;
  /** How long the last loss of the connection lasted, ms. */
  gapMs: ShallowRef<number>;
  /** The newest market time in the value. */
  eventMs: ShallowRef<number | null>;
}

interface Options<T> {
  /** How often the feed has something new while the market runs; none where it may be quiet. */
  cadenceMs?: number;
  /** Called for each live payload at its arrival, also while the page is hidden. */
  arrived?: (data: T extends readonly (infer Entry)[] ? Entry | T : T) => void;
}

/** Shows a feed for as long as its component lives; a key of null shows nothing. */
export function useFeed<T>(key: () => string | null, options: Options<T> = {}): UsedFeed<T> {
  const clock = useClock();
  const value = shallowRef<T | null>(null);
  const isTold = shallowRef(false);
  const link = shallowRef<LinkState>('connecting');
  const reason = shallowRef('');
  const isCutOff = shallowRef(false);
  const gapMs = shallowRef(0);
  const eventMs = shallowRef<number | null>(null);
  const arrivedMs = shallowRef<number | null>(null);
  const sinceMs = shallowRef(market.now());
  let leave: (() => void) | null = null;

  const show = (store: FeedStore) => {
    value.value = store.value as T | null;
    isTold.value = store.isTold;
    link.value = store.link;
    reason.value = store.reason;
    isCutOff.value = store.isCutOff;
    gapMs.value = store.gapMs;
    eventMs.value = store.eventMs;
    arrivedMs.value = store.arrivedMs;
  };
  watch(
    key,
    (wanted) => {
      leave?.();
      leave = null;
      sinceMs.value = market.now();
      if (wanted === null) {
        value.value = null;
        isTold.value = false;
        return;
      }
      const store = market.hold(wanted);
      const unwatch = store.watch(() => show(store));
      const unhear =
        options.arrived === undefined ? null : store.hear(options.arrived as (data: unknown) => void);
      show(store);
      leave = () => {
        unwatch();
        unhear?.();
        market.release(wanted);
      };
    },
    { immediate: true, flush: 'sync' },
  );
  onScopeDispose(() => leave?.());

  const ageMs = computed(() =>
    arrivedMs.value === null ? null : Math.max(0, clock.pageMs - arrivedMs.value),
  );
  const state = computed(() =>
    freshness({
      isConnected: link.value === 'open',
      isCutOff: isCutOff.value,
      isTold: isTold.value,
      arrivedAgoMs: ageMs.value,
      pulseAgoMs: clock.pulseAgoMs,
      behindMs: clock.behindMs,
      isClosed: isClosed.value,
      cadenceMs: options.cadenceMs ?? null,
      watchedForMs: Math.max(0, clock.pageMs - sinceMs.value),
    }),
  );
  const { isClosed } = useCalendar();
  return { value, isTold, link, reason, state, ageMs, gapMs, eventMs };
}
