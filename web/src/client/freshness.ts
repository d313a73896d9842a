/** How far a widget's numbers can be trusted. */
export type Freshness =
  'waiting' | 'live' | 'quiet' | 'delayed' | 'stale' | 'disconnected' | 'closed' | 'replay';

/** What freshness follows from. Times and ages are ms. */
export interface Signs {
  /** Whether its connection was lost or refused; one that is being made for the first time is neither. */
  isLost: boolean;
  /** Whether the server has said that it cannot tell updates until its Redis is back. */
  isCutOff: boolean;
  isTold: boolean;
  /** Since this feed's last live payload; null before the first. */
  arrivedAgoMs: number | null;
  /** Since any market feed's last live payload; null before the first. */
  pulseAgoMs: number | null;
  /** How far the newest market time lies behind the server's clock; null where it is unknown. */
  behindMs: number | null;
  /** Whether the exchange is closed now, by the server's calendar; null where that is unknown. */
  isClosed: boolean | null;
  /** How often the feed has something new while the market runs; null where it may be quiet. */
  cadenceMs: number | null;
  /** Since the page began to look: silence counts only after it. */
  watchedForMs: number;
}

const DELAYED_AFTER_MS = 10_000;
const REPLAY_AFTER_MS = 20 * 60_000;
const AHEAD_MS = 60_000;
export const PULSE_MS = 6_000;
const QUIET_AFTER_MS = 10_000;

/** Returns whether times are those of a replay: neither now nor as late as a delayed feed's. */
export function isReplayed(behindMs: number | null): boolean {
  return behindMs !== null && (behindMs > REPLAY_AFTER_MS || behindMs < -AHEAD_MS);
}

/** Returns a feed's state. A quiet symbol is not a dead feed, and an open socket alone is not a live one. */
export function freshness(signs: Signs): Freshness {
  if (signs.isLost) return 'disconnected';
  if (signs.isCutOff) return 'stale';
  if (!signs.isTold) return 'waiting';
  const pulses = signs.pulseAgoMs !== null && signs.pulseAgoMs < PULSE_MS;
  if (!pulses) {
    if (signs.isClosed === true) return 'closed';
    return signs.watchedForMs < PULSE_MS ? 'waiting' : 'stale';
  }
  const silentMs = signs.arrivedAgoMs ?? signs.watchedForMs;
  if (signs.cadenceMs !== null && silentMs > signs.cadenceMs * 3 + 2_000) return 'stale';
  if (signs.cadenceMs === null && silentMs > QUIET_AFTER_MS) return 'quiet';
  if (isReplayed(signs.behindMs)) return 'replay';
  return signs.behindMs !== null && signs.behindMs > DELAYED_AFTER_MS ? 'delayed' : 'live';
}
