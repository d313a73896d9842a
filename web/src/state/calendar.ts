import { computed, effectScope, shallowRef, type ComputedRef } from 'vue';
import { sessionAt, type SessionName } from '@/client/sessions';
import { FEEDS, type CalendarNow } from '@/generated/feeds';
import { market } from './market';
import { useClock } from './clock';

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
