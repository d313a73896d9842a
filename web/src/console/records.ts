import { newYorkMoment } from '@/format/time';

/** A record of a topic as the SCP tells it; its value is JSON, or a string where `why` says so. */
export interface TopicRecord {
  partition: number;
  offset: number;
  time_ms: number | null;
  key: string | null;
  size: number;
  headers: Record<string, string>;
  received_ms: number | null;
  format: 'json' | 'messagepack' | 'text' | 'base64' | 'none';
  /** Events of its array, null where it is none. */
  events: number | null;
  /** How many of them are of the symbol that was asked for and so in `value`; null for all. */
  concerned: number | null;
  value: unknown;
  why: string | null;
}

/** What the SCP found, and what to ask for to go on. */
export interface Records {
  topic: string;
  symbol: string | null;
  partitions: { partition: number; begin: number | null; end: number | null; problem: string | null }[];
  records: TopicRecord[];
  read: number;
  stopped: string | null;
  notes: string[];
  earlier: string | null;
  later: string;
}

const BIG = '\u0000integer ';
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/** Parses JSON; whole numbers that a number cannot hold, as times in ns, become bigints. */
export function parseExactly(text: string): unknown {
  const marked = text.replace(TOKENS, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? JSON.stringify(BIG + token) : token,
  );
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(BIG) ? BigInt(value.slice(BIG.length)) : value,
  ) as unknown;
}

/** A line of JSON, and the time in New York of the number in it. */
export interface Line {
  text: string;
  time: string;
}

const NAMES = /^(?:[tse]|trft|earliest_reopening|(?:.+_)?(?:timestamp|ms|ns|at))$/;
/** The vendor's times are ms or ns: a second's count under these names is a size. */
const VENDORS = /^[tse]$/;

/** Returns what time a field tells, in New York; empty where it is none. Its size tells its unit. */
export function timeOf(name: string, value: unknown): string {
  if ((typeof value !== 'number' && typeof value !== 'bigint') || !NAMES.test(name)) return '';
  const size = Number(value);
  if (size >= 1e18 && size < 4e18) return newYorkMoment(BigInt(value));
  if (!Number.isInteger(size))
    return size >= 1e9 && size < 4e9 ? newYorkMoment(Math.round(size * 1_000)) : '';
  if (size >= 1e12 && size < 4e12) return newYorkMoment(size);
  return size >= 1e9 && size < 4e9 && !VENDORS.test(name) ? newYorkMoment(size * 1_000) : '';
}

/** Returns a value on one line. */
export function compact(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(compact).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}:${compact(each)}`);
    return `{${fields.join(',')}}`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** Returns a value as lines, no more than so many; lists of plain values stay on one. */
export function lines(value: unknown, most: number): Line[] {
  const made: Line[] = [];
  const isPlain = (each: unknown) => typeof each !== 'object' || each === null;
  function add(name: string | null, each: unknown, indent: string, comma: string): void {
    if (made.length > most) return;
    const before = indent + (name === null ? '' : `${JSON.stringify(name)}: `);
    const isShort = isPlain(each) || Object.keys(each as object).length === 0;
    if (isShort || (Array.isArray(each) && each.every(isPlain))) {
      made.push({ text: before + compact(each) + comma, time: timeOf(name ?? '', each) });
      return;
    }
    const isArray = Array.isArray(each);
    const entries: [string | null, unknown][] = isArray
      ? each.map((item) => [null, item as unknown])
      : Object.entries(each as object);
    made.push({ text: before + (isArray ? '[' : '{'), time: '' });
    entries.forEach(([field, item], index) =>
      add(field, item, `${indent}  `, index < entries.length - 1 ? ',' : ''),
    );
    made.push({ text: indent + (isArray ? ']' : '}') + comma, time: '' });
  }
  add(null, value, '', '');
  return made.length > most ? [...made.slice(0, most), { text: '…', time: '' }] : made;
}

/** Returns how a record begins: its first event, or what stands for it. */
export function brief(record: TopicRecord, most: number): string {
  if (record.format === 'none') return record.why ?? '';
  const first: unknown =
    Array.isArray(record.value) && record.events !== null ? record.value[0] : record.value;
  const text = typeof first === 'string' ? first : compact(first ?? null);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
