import type { CalendarNow, DaySessions } from '@/generated/feeds';
import { newYorkDate, newYorkMinute } from '@/format/time';

/** Sessions of the exchange, by the server's calendar. */

export type SessionName = CalendarNow['session'];

export const SESSION_WORDS: Record<SessionName, string> = {
  pre_market: 'pre-market',
  regular_session: 'regular session',
  after_hours: 'after-hours',
  closed: 'closed',
};

/** Returns the day of the server's calendar that a time lies on, null where it tells none. */
export function dayOf(ms: number, now: CalendarNow | null): DaySessions | null {
  const date = newYorkDate(ms);
  return [now?.today, now?.next].find((day) => day?.date === date) ?? null;
}

const PRE_MARKET_MINUTE = 4 * 60;
const OPEN_MINUTE = 9 * 60 + 30;
const CLOSE_MINUTE = 16 * 60;
const END_MINUTE = 20 * 60;

/**
 * Returns the session that a time lies in.
 *
 * Of a day that the server's calendar does not tell, as in a replay, by the usual hours; null before any calendar.
 */
export function sessionAt(ms: number, now: CalendarNow | null): SessionName | null {
  if (now === null) return null;
  const day = dayOf(ms, now);
  if (day !== null && day.is_session) return ofDay(ms, day);
  if (day !== null) return 'closed';
  const minute = newYorkMinute(ms);
  if (minute < PRE_MARKET_MINUTE || minute >= END_MINUTE) return 'closed';
  if (minute < OPEN_MINUTE) return 'pre_market';
  return minute < CLOSE_MINUTE ? 'regular_session' : 'after_hours';
}

function ofDay(ms: number, day: DaySessions): SessionName {
  if (ms < day.start_ms! || ms >= day.after_hours_end_ms!) return 'closed';
  if (ms < day.open_ms!) return 'pre_market';
  return ms < day.close_ms! ? 'regular_session' : 'after_hours';
}

const RESTART_SHOWN_MS = 5 * 60_000;

/**
 * Returns when figures last started afresh, for the first minutes after it; null at any other time.
 *
 * All of them do at 04:00; those that count from the open do again at 09:30.
 */
export function restartedAt(ms: number, now: CalendarNow | null, countsFromOpen: boolean): number | null {
  const day = dayOf(ms, now);
  if (now === null || (day !== null && !day.is_session)) return null;
  const midnightMs = Math.floor(ms / 60_000) * 60_000 - newYorkMinute(ms) * 60_000;
  const startMs = day?.start_ms ?? midnightMs + PRE_MARKET_MINUTE * 60_000;
  const openMs = day?.open_ms ?? midnightMs + OPEN_MINUTE * 60_000;
  const found = countsFromOpen && ms >= openMs ? openMs : startMs;
  return ms >= found && ms < found + RESTART_SHOWN_MS ? found : null;
}
