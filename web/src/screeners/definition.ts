import { typedNumber } from '@/filters/filter';
import { MOST_ROWS, NUMBERS, SESSIONS, TEXTS } from '@/generated/measures';

/** How conditions are joined: all must hold, at least one, or none. */
export const GROUPS = ['all', 'any', 'none'] as const;
export type Group = (typeof GROUPS)[number];

/** A screener as the server knows it: options, and groups of filters. */
export type Definition = Record<string, unknown>;

/** A condition as it stands in the form: a number has bounds, a text has values. */
export interface Condition {
  /** What tells it from the others, for the form. */
  key: number;
  group: Group;
  field: string;
  min: string;
  max: string;
  /** Values by comma, and whether they are what it must not be. */
  values: string;
  isNot: boolean;
}

/** A screener as it stands in the form. */
export interface Draft {
  name: string;
  sort: string;
  isAscending: boolean;
  size: string;
  sessions: string[];
  conditions: Condition[];
}

/** What is wrong in a draft, by place: a field of the draft, or a condition's key and what of it. */
export type Faults = Map<string, string>;

/** Thrown where a text or definition is no screener; the message says why. */
export class ScreenerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ScreenerError';
  }
}

const OPTIONS: ReadonlySet<string> = new Set(['sort', 'order', 'size', 'session']);
const NAME_FIELD = 'name';
const MOST_NAME = 60;
const DEFAULT_SIZE = 100;
let keys = 0;

export function isNumber(field: string): boolean {
  return field in NUMBERS;
}

export function isText(field: string): boolean {
  return (TEXTS as readonly string[]).includes(field);
}

/** Returns a condition of a field that says nothing yet. */
export function blankCondition(group: Group, field: string): Condition {
  return { key: (keys += 1), group, field, min: '', max: '', values: '', isNot: false };
}

/** Returns a screener to begin with. */
export function blankDraft(): Draft {
  return {
    name: '',
    sort: 'pct_change',
    isAscending: false,
    size: String(DEFAULT_SIZE),
    sessions: [],
    conditions: [
      { ...blankCondition('all', 'price'), min: '1' },
      { ...blankCondition('all', 'volume'), min: '100K' },
      { ...blankCondition('all', 'security_type'), values: 'CS, ADRC, OS' },
    ],
  };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textsIn(value: unknown): string[] {
  const several = Array.isArray(value) ? value : [value];
  return several.filter((each): each is string => typeof each === 'string');
}

function typed(value: unknown): string {
  return typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 15 }) : '';
}

function conditionsOf(group: Group, table: Record<string, unknown>): Condition[] {
  return Object.entries(table).flatMap(([field, said]) => {
    const blank = () => blankCondition(group, field);
    if (isNumber(field)) {
      const several = Array.isArray(said) ? (said as unknown[]) : [said];
      return several
        .filter(isTable)
        .map((bounds) => ({ ...blank(), min: typed(bounds.min), max: typed(bounds.max) }));
    }
    if (!isText(field)) throw new ScreenerError(`nothing can be filtered by “${field}”`);
    const isNot = isTable(said);
    return [{ ...blank(), isNot, values: textsIn(isNot ? said.not : said).join(', ') }];
  });
}

/** Returns a definition as it stands in the form; throws ScreenerError where the form cannot show it. */
export function drafted(name: string, definition: unknown): Draft {
  if (!isTable(definition)) throw new ScreenerError('it is no screener');
  const outside = Object.entries(definition).filter(
    ([field]) =>
      !OPTIONS.has(field) && field !== NAME_FIELD && !(GROUPS as readonly string[]).includes(field),
  );
  const groups = GROUPS.map((group) => [group, definition[group]] as const);
  return {
    name,
    sort: typeof definition.sort === 'string' ? definition.sort : '',
    isAscending: definition.order === 'ascending',
    size: String(definition.size ?? DEFAULT_SIZE),
    sessions: textsIn(definition.session),
    conditions: [
      ...conditionsOf('all', Object.fromEntries(outside)),
      ...groups.flatMap(([group, table]) => (isTable(table) ? conditionsOf(group, table) : [])),
    ],
  };
}

function valuesOf(condition: Condition): string[] {
  return condition.values
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

function filterOf(condition: Condition): unknown {
  if (isText(condition.field)) {
    return condition.isNot ? { not: valuesOf(condition) } : valuesOf(condition);
  }
  const bounds = { min: typedNumber(condition.min), max: typedNumber(condition.max) };
  return Object.fromEntries(Object.entries(bounds).filter(([, bound]) => bound !== undefined));
}

/** Returns the definition that a form describes. */
export function defined(draft: Draft): Definition {
  const definition: Definition = {
    sort: draft.sort,
    order: draft.isAscending ? 'ascending' : 'descending',
    size: Number(draft.size),
  };
  if (draft.sessions.length > 0)
    definition.session = SESSIONS.filter((each) => draft.sessions.includes(each));
  for (const group of GROUPS) {
    const fields = new Map<string, unknown[]>();
    for (const condition of draft.conditions.filter((each) => each.group === group)) {
      fields.set(condition.field, [...(fields.get(condition.field) ?? []), filterOf(condition)]);
    }
    // Several bounds of a number are a list; a text is there once, its values are a list of their own.
    const table = [...fields].map(([field, said]) => [field, said.length === 1 ? said[0] : said]);
    if (table.length > 0) definition[group] = Object.fromEntries(table);
  }
  return definition;
}

function boundsFault(condition: Condition): [place: string, reason: string] | null {
  const [min, max] = [typedNumber(condition.min), typedNumber(condition.max)];
  if (condition.min.trim() !== '' && min === undefined) return ['min', 'a number, such as 1.5, 100K or 20M'];
  if (condition.max.trim() !== '' && max === undefined) return ['max', 'a number, such as 1.5, 100K or 20M'];
  if (min === undefined && max === undefined) return ['min', 'at least one bound'];
  return min !== undefined && max !== undefined && min > max ? ['max', 'less than the least'] : null;
}

/** Returns what is wrong in a draft, as far as the page can tell: what the server says counts. */
export function faultsOf(draft: Draft): Faults {
  const faults: Faults = new Map();
  const name = draft.name.trim();
  if (name === '' || name.length > MOST_NAME) faults.set('name', `a name of 1 to ${MOST_NAME} characters`);
  else if (/[/\\]/.test(name) || /^\.|\.$/.test(name)) faults.set('name', 'no / or \\, and no dot at an end');
  if (!isNumber(draft.sort)) faults.set('sort', 'what the board is ordered by');
  if (!/^\d+$/.test(draft.size) || Number(draft.size) < 1 || Number(draft.size) > MOST_ROWS) {
    faults.set('size', `a whole number from 1 to ${MOST_ROWS}`);
  }
  const texts = new Set<string>();
  for (const condition of draft.conditions) {
    const place = `${condition.group} ${condition.field}`;
    if (isText(condition.field)) {
      if (valuesOf(condition).length === 0) faults.set(`${condition.key} values`, 'one value or several');
      else if (texts.has(place)) faults.set(`${condition.key} values`, 'said twice: put the values together');
      texts.add(place);
    } else {
      const fault = boundsFault(condition);
      if (fault !== null) faults.set(`${condition.key} ${fault[0]}`, fault[1]);
    }
  }
  return faults;
}

/** What the server says of a definition: the way to the fault, and the reason. */
export interface ServerFault {
  where: string[];
  reason: string;
}

/** Returns the server's faults by their places in the form; what has none there is at ''. */
export function placed(draft: Draft, faults: readonly ServerFault[]): Faults {
  const found: Faults = new Map();
  for (const { where, reason } of faults) {
    const [group, field, ...rest] = where;
    const at = Number(rest.find((step) => /^\d+$/.test(step)) ?? 0);
    const condition = draft.conditions.filter((each) => each.group === group && each.field === field)[at];
    const isOption = where.length === 1 && (group === 'sort' || group === 'size');
    const side = rest.at(-1) === 'max' ? 'max' : 'min';
    let place = isOption ? group! : '';
    if (condition !== undefined) place = `${condition.key} ${isText(condition.field) ? 'values' : side}`;
    if (!found.has(place)) found.set(place, reason);
  }
  return found;
}

/** Returns a screener as a text that `fromText` reads. */
export function asText(name: string, definition: Definition): string {
  return JSON.stringify({ name, ...definition }, null, 2);
}

/** Returns the address at which the page offers a screener to whoever opens it. */
export function asLink(name: string, definition: Definition, page: string): string {
  const url = new URL(page);
  url.search = '';
  url.hash = '';
  url.searchParams.set('screener', JSON.stringify({ name, ...definition }));
  return url.href;
}

/** Returns the screener of a text or a link; throws ScreenerError where it holds none. */
export function fromText(text: string): Draft {
  const trimmed = text.trim();
  let content: unknown;
  try {
    const isLink = /^https?:/.test(trimmed);
    content = JSON.parse(isLink ? (new URL(trimmed).searchParams.get('screener') ?? '') : trimmed);
  } catch {
    throw new ScreenerError('it is no screener, and no link to one');
  }
  if (!isTable(content)) throw new ScreenerError('it is no screener');
  return drafted(typeof content.name === 'string' ? content.name : '', content);
}
