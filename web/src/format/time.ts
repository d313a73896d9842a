/** Times of day. The exchange's zone is New York's; formats are made once, for making one costs as much as 1,000 uses. */

export const NEW_YORK = 'America/New_York';

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  let known = formats.get(key);
  if (known === undefined) {
    // h23: hour12:false would print 24:00:05 at midnight.
    known = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...options });
    formats.set(key, known);
  }
  return known;
}

/** Returns hh:mm:ss of a time (ms since 1970); in the local zone where none is named. */
export function clock(ms: number, zone?: string): string {
  return format(zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms);
}

/** Returns hh:mm of a time. */
export function minutes(ms: number, zone?: string): string {
  return format(zone, { hour: '2-digit', minute: '2-digit' }).format(ms);
}

/** Returns date and time in New York of an exact time: ms as a number, ns as a bigint. */
export function newYorkMoment(at: number | bigint): string {
  const ms = typeof at === 'bigint' ? Number(at / 1_000_000n) : at;
  const fraction = typeof at === 'bigint' ? String(at).slice(-9) : String(at).slice(-3);
  return `${newYorkDate(ms)} ${clock(ms, NEW_YORK)}.${fraction} ET`;
}

/** Returns a day as "Fri, Nov 20". */
export function day(ms: number, zone?: string): string {
  return format(zone, { weekday: 'short', month: 'short', day: 'numeric' }).format(ms);
}

/** Returns a zone's short name at a time, such as EST. */
export function zoneName(ms: number, zone?: string): string {
  const parts = format(zone, { timeZoneName: 'short', hour: '2-digit' }).formatToParts(ms);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

/** Returns a date in New York as 2026-11-27. */
export function newYorkDate(ms: number): string {
  const parts = format(NEW_YORK, { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(ms);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

/** Returns the minutes since midnight in New York of a time. */
export function newYorkMinute(ms: number): number {
  const [hours = 0, rest = 0] = minutes(ms, NEW_YORK).split(':').map(Number);
  return hours * 60 + rest;
}

/** Returns by how many ms New York's clock lies ahead of UTC's at a time: negative. */
export function newYorkOffset(ms: number): number {
  const hour = Math.floor(ms / 3_600_000) * 3_600_000;
  const known = offsets.get(hour);
  if (known !== undefined) return known;
  const parts = format(NEW_YORK, {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(hour);
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value);
  const shown = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  if (offsets.size > 1_000) offsets.clear();
  offsets.set(hour, shown - hour);
  return shown - hour;
}

const offsets = new Map<number, number>();

/** Returns an age in words: 3 s, 12 min, 2 h, 4 d. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Returns an age in one word: 12m, 2h, 4d. */
export function shortAge(ms: number): string {
  return age(ms).replace(' min', 'm').replace(' ', '');
}

/** Returns a time to go as mm:ss, from an hour on as h:mm:ss. */
export function countdown(ms: number): string {
  const all = Math.max(0, Math.ceil(ms / 1000));
  const [hours, mins, seconds] = [Math.floor(all / 3_600), Math.floor((all % 3_600) / 60), all % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(mins)}:${two(seconds)}` : `${two(mins)}:${two(seconds)}`;
}
