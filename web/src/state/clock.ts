import { reactive, readonly } from 'vue';
import { serverNow } from '@/api/scp';
import { isReplayed, PULSE_MS } from '@/client/freshness';
import type { MarketClient } from '@/client/market';

/** What time it is: read by all widgets, changed once a second, so that they change together. */
interface Clock {
  /** The server's time, ms since 1970. */
  nowMs: number;
  /** The page's own clock, ms: what ages of arrivals are measured by. */
  pageMs: number;
  /** The market's time: that of a replay where one plays, else the server's. */
  marketMs: number;
  /** How far the newest market time lay behind the server's when it came; null while none has come. */
  behindMs: number | null;
  /** Since the last payload with a market time; null before the first. */
  pulseAgoMs: number | null;
  isReplay: boolean;
}

const clock = reactive<Clock>({
  nowMs: serverNow(),
  pageMs: performance.now(),
  marketMs: serverNow(),
  behindMs: null,
  pulseAgoMs: null,
  isReplay: false,
});

const beats = new Set<() => void>();

/** Calls a listener once a second, all listeners together; returns how to leave. */
export function onBeat(listener: () => void): () => void {
  beats.add(listener);
  return () => beats.delete(listener);
}

/** Starts the clock of a page. */
export function startClock(market: MarketClient): void {
  const beat = () => {
    const pageMs = market.now();
    const nowMs = serverNow();
    const pulse = market.pulse();
    const pulseAgoMs = pulse === null ? null : pageMs - pulse.arrivedMs;
    clock.nowMs = nowMs;
    clock.pageMs = pageMs;
    clock.pulseAgoMs = pulseAgoMs;
    if (pulse !== null && pulseAgoMs !== null) {
      clock.behindMs = nowMs - pulseAgoMs - pulse.eventMs;
      clock.isReplay = isReplayed(clock.behindMs);
      // A replay stands still when nothing more comes of it.
      const runsFor = Math.min(pulseAgoMs, PULSE_MS);
      clock.marketMs = clock.isReplay ? pulse.eventMs + runsFor : nowMs;
    } else {
      // Nothing shown tells a market time: a replay seen before goes on as far behind as it was.
      clock.marketMs = clock.isReplay ? nowMs - (clock.behindMs ?? 0) : nowMs;
    }
    for (const listener of beats) listener();
  };
  beat();
  setInterval(beat, 1_000);
}

export function useClock(): Readonly<Clock> {
  return readonly(clock) as Readonly<Clock>;
}
