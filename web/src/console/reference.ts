/** Reference data and the exchange's calendar, as the SCP tells them; what is not known is null, never 0. */

import { SESSION_WORDS, type SessionName } from '@/client/sessions';
import * as numbers from '@/format/numbers';
import { countdown, day, NEW_YORK, age } from '@/format/time';

export interface Lacking {
  field: string;
  count: number;
  share: number | null;
  too_many: boolean;
  examples: string[];
}

export interface ReferenceState {
  at_ms: number;
  /** Why nothing newer is known. */
  problem: string | null;
  /** When this was known to be so. */
  read_ms: number | null;
  /** The trading day whose data must be there: of a replay the day that it plays. */
  due: string;
  due_ms: number;
  is_replay: boolean;
  state: 'absent' | 'old' | 'incomplete' | 'complete' | 'unknown';
  told: string;
  /** The newest day that there is data of. */
  day_ms: number | null;
  loaded_ms: number | null;
  /** Symbols of that day, and of any. */
  symbols: number | null;
  known: number | null;
  complete: number | null;
  complete_share: number | null;
  lacking: Lacking[] | null;
  rejected: number | null;
}

export interface SessionSpan {
  session: SessionName;
  from_ms: number;
  to_ms: number;
  /** New York's hh:mm. */
  from_et: string;
  to_et: string;
}

export interface MarketDay {
  date: string;
  /** 04:00 ET of the date, ms since 1970. */
  start_ms: number;
  is_session: boolean;
  is_half_day: boolean;
  /** Of holidays and half-days. */
  name: string | null;
  close_et: string | null;
  sessions: SessionSpan[];
}

export interface Calendar {
  session: SessionName;
  next_change_ms: number;
  next_session: SessionName;
  today: MarketDay;
  next: MarketDay;
  ahead: MarketDay[];
}

export const FIELD_WORDS: Record<string, string> = {
  prev_day_close: 'Previous close',
  avg_volume: 'Average volume',
  free_float: 'Float',
  security_type: 'Security type',
};

const TONES: Record<ReferenceState['state'], 'good' | 'warn' | 'bad'> = {
  complete: 'good',
  unknown: 'warn',
  incomplete: 'bad',
  old: 'bad',
  absent: 'bad',
};

/** Returns the colour of a state. */
export function tone(state: ReferenceState['state']): string {
  return TONES[state];
}

/** Returns a share in per cent; what is not nothing is never shown as 0.0, nor what is not all as 100.0. */
export function share(value: number | null): string {
  if (value === null) return numbers.NOTHING;
  if (value > 0 && value < 0.001) return `under ${numbers.fixed(0.1, 1)} %`;
  if (value < 1 && value > 0.999) return `over ${numbers.fixed(99.9, 1)} %`;
  return `${numbers.fixed(value * 100, 1)} %`;
}

/** Returns in words what a day is: "half-day, closes 13:00 ET (Christmas Eve)". */
export function dayWords(of: MarketDay): string {
  if (!of.is_session) return of.name === null ? 'closed, weekend' : `closed, ${of.name}`;
  return of.is_half_day ? `half-day, closes ${of.close_et} ET (${of.name})` : 'full day';
}

/** Returns which session of a day runs at a time; null where none does. */
export function running(of: MarketDay, ms: number): SessionSpan | null {
  return of.sessions.find((span) => span.from_ms <= ms && ms < span.to_ms) ?? null;
}

/** Returns what comes next and in how long: "regular session, in 4:31". */
export function nextWords(calendar: Calendar, nowMs: number): string {
  const left = calendar.next_change_ms - nowMs;
  const wait = left < DAY_MS ? countdown(left) : age(left);
  return `${SESSION_WORDS[calendar.next_session]} ${left > 0 ? `in ${wait}` : 'now'}`;
}

/** Returns the date of a trading day: "Fri, Nov 20". */
export function dateOf(startMs: number | null): string {
  return startMs === null ? numbers.NOTHING : day(startMs, NEW_YORK);
}

const DAY_MS = 86_400_000;
