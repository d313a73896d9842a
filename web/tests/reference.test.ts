import { beforeEach, expect, test } from 'vitest';
import { dayWords, nextWords, running, share, type Calendar, type MarketDay } from '@/console/reference';
import * as numbers from '@/format/numbers';

beforeEach(() => numbers.setLocale('en-US'));

const at = (text: string) => Date.parse(text);
const WEEKEND: MarketDay = {
  date: '2026-11-28',
  start_ms: at('2026-11-28T09:00:00Z'),
  is_session: false,
  is_half_day: false,
  name: null,
  close_et: null,
  sessions: [],
};
const span = (session: MarketDay['sessions'][0]['session'], from: string, to: string, zone = '-05:00') => ({
  session,
  from_ms: at(`2026-11-27T${from}:00${zone}`),
  to_ms: at(`2026-11-27T${to}:00${zone}`),
  from_et: from,
  to_et: to,
});
const HALF_DAY: MarketDay = {
  date: '2026-11-27',
  start_ms: at('2026-11-27T09:00:00Z'),
  is_session: true,
  is_half_day: true,
  name: 'Day after Thanksgiving Day',
  close_et: '13:00',
  sessions: [span('pre_market', '04:00', '09:30'), span('regular_session', '09:30', '13:00')],
};

test.each([
  [null, '–'],
  [0, '0.0 %'],
  [0.0002, 'under 0.1 %'],
  [0.0123, '1.2 %'],
  [0.9996, 'over 99.9 %'],
  [1, '100.0 %'],
])('of %s a share is told as %s', (value, told) => {
  expect(share(value)).toBe(told);
});

test('a day is told in words', () => {
  expect(dayWords(HALF_DAY)).toBe('half-day, closes 13:00 ET (Day after Thanksgiving Day)');
  expect(dayWords(WEEKEND)).toBe('closed, weekend');
  expect(dayWords({ ...WEEKEND, name: 'Good Friday' })).toBe('closed, Good Friday');
});

test('the session that runs ends where the next begins', () => {
  const found = (clock: string) => running(HALF_DAY, at(`2026-11-27T${clock}-05:00`))?.session ?? null;
  expect(['03:59:59', '04:00:00', '09:30:00', '12:59:59', '13:00:00'].map(found)).toEqual([
    null,
    'pre_market',
    'regular_session',
    'regular_session',
    null,
  ]);
});

test('what is next is told with how long it takes', () => {
  const next = at('2026-11-27T09:30:00-05:00');
  const calendar: Calendar = {
    session: 'pre_market',
    next_change_ms: next,
    next_session: 'regular_session',
    today: HALF_DAY,
    next: WEEKEND,
    ahead: [],
  };
  expect(nextWords(calendar, next - 271_000)).toBe('regular session in 04:31');
  expect(nextWords(calendar, next - 3 * 86_400_000)).toBe('regular session in 3 d');
  expect(nextWords(calendar, next + 1)).toBe('regular session now');
});
