import { computed, effectScope, shallowRef, type ComputedRef } from 'vue';
import { FEEDS, type CalendarNow, type DaySessions } from '@/generated/feeds';
import { newYorkDate, newYorkMinute } from '@/format/time';
import { market } from './market';
import { useClock } from './clock';

export type SessionName = CalendarNow['session'];

export const SESSION_WORDS: Record<SessionName, string> = {
  pre_market: 'pre-market',
  regular_session: 'regular session',
  after_hours: 'after-hours',
  closed: 'closed',
};

const calendar = shallowRef<CalendarNow | null>(null);
let isHeld = false;

const scope = effectScope(true);
const told = scope.run(() => {
  const clock = useClock();
  const isClosed = computed(() => (calendar.value === null ? null : calendar.value.session === 'closed'));
  const session = computed(() => sessionAt(clock.marketMs, calendar.value));
  return { calendar, isClosed, session };
})!;

/** Returns the calendar that the server tells, null before it has; the page makes none of its own. */
export function useCalendar(): {
  calendar: typeof calendar;
  /** Whether the exchange is closed now; null where that is unknown. */
  isClosed: ComputedRef<boolean | null>;
  /** The session of the market's time. */
  session: ComputedRef<SessionName | null>;
} {
  if (!isHeld) {
    isHeld = true;
    const store = market.hold(FEEDS.MARKET_CALENDAR.pattern);
    store.watch(() => (calendar.value = store.value as CalendarNow | null));
  }
  return told;
}

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
