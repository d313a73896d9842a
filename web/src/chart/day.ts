import type { Bar } from '@/generated/feeds';
import { newYorkOffset } from '@/format/time';
import type { SessionName } from '@/client/sessions';

/** Bars in order of time as a chart takes them, and what follows from them. */

/** Returns a bar's time as the chart shows it: it knows only UTC, so New York's clock is told as if it were. */
export function chartTime(ms: number): number {
  return (ms + newYorkOffset(ms)) / 1000;
}

/** Consecutive bars of one session, with what it reached. */
export interface Span {
  session: SessionName;
  /** Times of its first and its last bar, ms. */
  startMs: number;
  endMs: number;
  high: number;
  low: number;
}

/** Returns the sessions that bars lie in, in order. */
export function spans(bars: readonly Bar[], sessionAt: (ms: number) => SessionName | null): Span[] {
  const found: Span[] = [];
  for (const bar of bars) {
    const session = sessionAt(bar.t) ?? 'closed';
    const last = found.at(-1);
    if (last?.session === session) {
      last.endMs = bar.t;
      last.high = Math.max(last.high, bar.h);
      last.low = Math.min(last.low, bar.l);
    } else {
      found.push({ session, startMs: bar.t, endMs: bar.t, high: bar.h, low: bar.l });
    }
  }
  return found;
}

/** Returns the day's volume-weighted average price after each bar; null before the first that tells one. */
export function dayVwap(bars: readonly Bar[]): (number | null)[] {
  let dollars = 0;
  let shares = 0;
  return bars.map((bar) => {
    if (bar.vw !== null && bar.v > 0) {
      dollars += bar.vw * bar.v;
      shares += bar.v;
    }
    return shares > 0 ? dollars / shares : null;
  });
}

/**
 * Returns the bars to tell a chart that shows others: those at its end that are new or changed.
 *
 * Null where bars before its end changed, so that all must be told again. Both lists are in order of time; what did
 * not change is the same object.
 */
export function changedBars(shown: readonly Bar[], bars: readonly Bar[]): readonly Bar[] | null {
  const last = shown.at(-1);
  if (last === undefined) return null;
  const kept = shown.length - 1;
  for (let at = 0; at < kept; at += 1) if (shown[at] !== bars[at]) return null;
  if (bars[kept]?.t !== last.t) return null;
  return bars[kept] === last ? bars.slice(kept + 1) : bars.slice(kept);
}
