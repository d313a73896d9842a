import { expect, test } from 'vitest';
import { BOARD_COLUMNS } from '@/columns/board';
import {
  asLink,
  asText,
  blankCondition,
  blankDraft,
  defined,
  drafted,
  faultsOf,
  fromText,
  placed,
  ScreenerError,
  type Condition,
  type Group,
} from '@/screeners/definition';
import { columnsFor, NUMBER_FIELDS, offered } from '@/screeners/fields';

const DEFINITION = {
  sort: 'pct_change',
  order: 'ascending',
  size: 50,
  session: ['pre_market', 'regular'],
  all: { price: { min: 0.0005, max: 20 }, security_type: ['CS', 'ADRC'] },
  any: { pct_change: [{ max: -8 }, { min: 8 }], volume: { min: 1_000_000 } },
  none: { exchange: { not: ['XNAS'] } },
};

function condition(group: Group, field: string, said: Partial<Condition> = {}): Condition {
  return { ...blankCondition(group, field), ...said };
}

test('a definition comes back from the form as it was', () => {
  expect(defined(drafted('mine', DEFINITION))).toEqual(DEFINITION);
});

test('filters beside the options are among those that must all hold', () => {
  const draft = drafted('mine', { sort: 'price', price: { min: 1 }, symbol: 'A' });
  expect(defined(draft)).toMatchObject({ size: 100, all: { price: { min: 1 }, symbol: ['A'] } });
});

test('a text and a link hold the screener', () => {
  const draft = { ...blankDraft(), name: 'Größe & Co' };
  const definition = defined(draft);
  for (const text of [
    asText(draft.name, definition),
    asLink(draft.name, definition, 'https://h/d/?widget=a#x'),
  ]) {
    const read = fromText(text);
    expect([read.name, defined(read)]).toEqual([draft.name, definition]);
  }
});

test.each(['', '[]', '5', 'https://h/', '{"sort":"price","flot":{"min":1}}'])('%j is no screener', (text) => {
  expect(() => fromText(text)).toThrow(ScreenerError);
});

test('what is offered first has no faults but a name', () => {
  expect([...faultsOf(blankDraft()).keys()]).toEqual(['name']);
});

test.each([
  [{ min: 'x' }, 'min'],
  [{ max: '1..2' }, 'max'],
  [{}, 'min'],
  [{ min: '2K', max: '1,999' }, 'max'],
])('a number with %j has a fault at its %s', (said, part) => {
  const wrong = condition('any', 'volume', said);
  const draft = { ...blankDraft(), name: 'a', conditions: [wrong] };
  expect([...faultsOf(draft).keys()]).toEqual([`${wrong.key} ${part}`]);
});

test('a text needs a value, and is said once in a group', () => {
  const [one, again, elsewhere, nothing] = [
    condition('all', 'symbol', { values: 'A' }),
    condition('all', 'symbol', { values: 'B' }),
    condition('none', 'symbol', { values: 'C' }),
    condition('any', 'exchange', { values: ' , ' }),
  ];
  const draft = { ...blankDraft(), name: 'a', conditions: [one!, again!, elsewhere!, nothing!] };
  expect([...faultsOf(draft).keys()]).toEqual([`${again!.key} values`, `${nothing!.key} values`]);
});

test.each(['0', '501', '1.5', '', '-1'])('there are no %j rows', (size) => {
  expect(faultsOf({ ...blankDraft(), name: 'a', size }).has('size')).toBe(true);
});

test("the server's words stand beside the field", () => {
  const draft = drafted('mine', DEFINITION);
  const [, second] = draft.conditions.filter(({ field }) => field === 'pct_change');
  const faults = placed(draft, [
    { where: ['any', 'pct_change', '1', 'min'], reason: 'first' },
    { where: ['sort'], reason: 'second' },
    { where: ['none', 'exchange', 'not'], reason: 'third' },
    { where: [], reason: 'fourth' },
  ]);
  const exchange = draft.conditions.find(({ field }) => field === 'exchange');
  expect([...faults]).toEqual([
    [`${second!.key} min`, 'first'],
    ['sort', 'second'],
    [`${exchange!.key} values`, 'third'],
    ['', 'fourth'],
  ]);
});

test('a board begins with the columns that its screener is about', () => {
  const added = ['open_change', 'relative_volume', 'exchange'];
  const definition = { sort: 'pct_change_since_open', any: { relative_volume_tod: {} }, exchange: 'XNAS' };
  const columns = columnsFor(definition);
  expect(columns.slice(0, 3)).toEqual(['rank', 'price', 'change']);
  expect(columns).toEqual(expect.arrayContaining(added));
  expect(columns.every((id) => BOARD_COLUMNS.some((column) => column.id === id))).toBe(true);
  const every = Object.fromEntries(NUMBER_FIELDS.map(({ name }) => [name, {}]));
  expect(columnsFor(every).every((id) => BOARD_COLUMNS.some((column) => column.id === id))).toBe(true);
});

test('every number can be chosen, under one name', () => {
  const names = offered(NUMBER_FIELDS, '').map(({ label }) => label);
  expect(new Set(names).size).toBe(names.length);
  expect(offered(NUMBER_FIELDS, 'close').some(({ name }) => name === 'close')).toBe(true);
});
