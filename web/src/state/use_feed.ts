import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue';
import type { FeedStore } from '@/client/feed_store';
import { freshness, type Freshness } from '@/client/freshness';
import { useCalendar } from './calendar';
import { useClock } from './clock';
import { market } from './market';

/** A feed as a widget shows it. */
export interface UsedFeed<T> {
  value: ShallowRef<T | null>;
  /** Whether its value was ever told, be it that there is none. */
  isTold: ComputedRef<boolean>;
  reason: ComputedRef<string>;
  state: ComputedRef<Freshness>;
  /** Since the last live payload, ms; null before the first. */
  ageMs: ComputedRef<number | null>;
  /** How long the last loss of the connection lasted, ms. */
  gapMs: ComputedRef<number>;
  /** The newest market time in the value. */
  eventMs: ComputedRef<number | null>;
}

interface Options<T> {
  /** How often the feed has something new while the market runs; none where it may be quiet. */
  cadenceMs?: number;
  /** Called for each live payload at its arrival, also while the page is hidden. */
  arrived?: (data: T extends readonly (infer Entry)[] ? Entry | T : T) => void;
}

/** What is known of one feed, or of several as of one. */
export type Told = Pick<
  FeedStore,
  'isTold' | 'isLost' | 'reason' | 'isCutOff' | 'gapMs' | 'eventMs' | 'arrivedMs'
>;

/** Returns what is known of feeds: the newest of their times, and what is wrong with any. */
export function told(stores: readonly FeedStore[]): Told {
  const newest = (times: (number | null)[]) =>
    times.reduce((latest, time) => (time !== null && time > (latest ?? 0) ? time : latest), null);
  const lost = stores.find(({ isLost }) => isLost);
  return {
    isTold: stores.some(({ isTold }) => isTold),
    isLost: lost !== undefined,
    reason: (lost ?? stores.find(({ reason }) => reason !== ''))?.reason ?? '',
    isCutOff: stores.some(({ isCutOff }) => isCutOff),
    gapMs: Math.max(0, ...stores.map(({ gapMs }) => gapMs)),
    eventMs: newest(stores.map(({ eventMs }) => eventMs)),
    arrivedMs: newest(stores.map(({ arrivedMs }) => arrivedMs)),
  };
}

/** Returns how far what is shown can be trusted, as the clock goes on. */
export function useTold(
  known: ShallowRef<Told>,
  sinceMs: ShallowRef<number>,
  cadenceMs: number | null,
): Omit<UsedFeed<unknown>, 'value'> {
  const clock = useClock();
  const { isClosed } = useCalendar();
  const ageMs = computed(() => {
    const { arrivedMs } = known.value;
    return arrivedMs === null ? null : Math.max(0, clock.pageMs - arrivedMs);
  });
  const state = computed(() =>
    freshness({
      isLost: known.value.isLost,
      isCutOff: known.value.isCutOff,
      isTold: known.value.isTold,
      arrivedAgoMs: ageMs.value,
      pulseAgoMs: clock.pulseAgoMs,
      behindMs: clock.behindMs,
      isClosed: isClosed.value,
      cadenceMs,
      watchedForMs: Math.max(0, clock.pageMs - sinceMs.value),
    }),
  );
  const part = <K extends keyof Told>(name: K) => computed(() => known.value[name]);
  return {
    isTold: part('isTold'),
    reason: part('reason'),
    gapMs: part('gapMs'),
    eventMs: part('eventMs'),
    ageMs,
    state,
  };
}

/** Shows a feed for as long as its component lives; a key of null shows nothing. */
export function useFeed<T>(key: () => string | null, options: Options<T> = {}): UsedFeed<T> {
  const value = shallowRef<T | null>(null);
  const known = shallowRef<Told>(told([]));
  const sinceMs = shallowRef(market.now());
  let leave: (() => void) | null = null;

  const show = (store: FeedStore) => {
    value.value = store.value as T | null;
    known.value = told([store]);
  };
  watch(
    key,
    (wanted) => {
      leave?.();
      leave = null;
      sinceMs.value = market.now();
      if (wanted === null) {
        value.value = null;
        known.value = told([]);
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
  return { value, ...useTold(known, sinceMs, options.cadenceMs ?? null) };
}
