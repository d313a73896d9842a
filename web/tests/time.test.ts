import { expect, test } from 'vitest';
import { restartedAt, sessionAt } from '@/client/sessions';
import * as time from '@/format/time';
import type { CalendarNow, DaySessions } from '@/generated/feeds';

const at = (text: string) => Date.parse(text);

test('midnight in New York is 00 hours', () => {
  expect(time.clock(at('2026-11-20T05:00:05Z'), time.NEW_YORK)).toBe('00:00:05');
});

test('the offset of New York follows daylight saving', () => {
  expect(time.newYorkOffset(at('2026-03-08T06:59:00Z'))).toBe(-5 * 3_600_000);
  expect(time.newYorkOffset(at('2026-03-08T07:00:00Z'))).toBe(-4 * 3_600_000);
});

test('ages are short', () => {
  expect([3_200, 59_999, 60_000, 7_300_000, 200_000_000].map(time.age)).toEqual([
    '3 s',
    '59 s',
    '1 min',
    '2 h',
    '2 d',
  ]);
  expect(time.countdown(61_500)).toBe('01:02');
  expect(time.countdown(-5)).toBe('00:00');
});

const HALF_DAY: DaySessions = {
  date: '2026-11-27',
  is_session: true,
  is_half_day: true,
  start_ms: at('2026-11-27T09:00:00Z'),
  open_ms: at('2026-11-27T14:30:00Z'),
  close_ms: at('2026-11-27T18:00:00Z'),
  after_hours_end_ms: at('2026-11-27T22:00:00Z'),
};
const HOLIDAY: DaySessions = {
  date: '2026-11-26',
  is_session: false,
  is_half_day: false,
  start_ms: null,
  open_ms: null,
  close_ms: null,
  after_hours_end_ms: null,
};
const CALENDAR: CalendarNow = {
  session: 'closed',
  next_change_ms: HALF_DAY.start_ms!,
  today: HOLIDAY,
  next: HALF_DAY,
};

test.each([
  ['2026-11-26T15:00:00Z', 'closed'],
  ['2026-11-27T08:59:59Z', 'closed'],
  ['2026-11-27T09:00:00Z', 'pre_market'],
  ['2026-11-27T14:30:00Z', 'regular_session'],
  ['2026-11-27T18:00:00Z', 'after_hours'],
  ['2026-11-27T22:00:00Z', 'closed'],
])('a day that the calendar tells has its own sessions: %s is %s', (text, session) => {
  expect(sessionAt(at(text), CALENDAR)).toBe(session);
});

test('a replayed day that the calendar does not tell has the usual hours', () => {
  expect(sessionAt(at('2026-11-20T18:00:00Z'), CALENDAR)).toBe('regular_session');
  expect(sessionAt(at('2026-11-20T13:00:00Z'), CALENDAR)).toBe('pre_market');
});

test('without a calendar no session is told', () => {
  expect(sessionAt(at('2026-11-20T18:00:00Z'), null)).toBeNull();
});

test.each([
  ['a calendar day', '2026-11-27T14:30:00Z', '2026-11-27T14:30:07Z'],
  ['a replayed day', '2026-11-20T14:30:00Z', '2026-11-20T14:34:59Z'],
])('figures since the open say for minutes that they restarted: %s', (_, open, now) => {
  expect(restartedAt(at(now), CALENDAR, true)).toBe(at(open));
  expect(restartedAt(at(now), CALENDAR, false)).toBeNull();
});

test('every figure restarts at 04:00, none on a holiday, and after five minutes nothing says so', () => {
  expect(restartedAt(at('2026-11-27T09:00:00Z'), CALENDAR, false)).toBe(at('2026-11-27T09:00:00Z'));
  expect(restartedAt(at('2026-11-26T14:30:05Z'), CALENDAR, true)).toBeNull();
  expect(restartedAt(at('2026-11-27T14:35:00Z'), CALENDAR, true)).toBeNull();
});
