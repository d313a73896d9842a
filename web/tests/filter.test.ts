import { expect, test } from 'vitest';
import { chips, filtered, NO_FILTERS, typedNumber, type Filters } from '@/filters/filter';
import { row } from './rows';

const CONTEXT = { marketMs: 100_000, news: new Map([['NEWS', 90_000]]) };
const passing = (filters: Partial<Filters>, ...rows: ReturnType<typeof row>[]) =>
  filtered(rows, { ...NO_FILTERS, ...filters }, CONTEXT).map(({ symbol }) => symbol);

test('bounds are included', () => {
  const rows = [1, 2, 20, 20.01].map((close) => row(String(close), { close }));
  expect(passing({ bounds: { price: { min: 2, max: 20 } } }, ...rows)).toEqual(['2', '20']);
});

test('a row with an unknown number is kept or hidden as chosen, whatever the bound', () => {
  for (const bound of [{ min: 1 }, { max: 1 }]) {
    const bounds = { float: bound };
    expect(passing({ bounds, keepsUnknown: true }, row('A'))).toEqual(['A']);
    expect(passing({ bounds, keepsUnknown: false }, row('A'))).toEqual([]);
  }
});

test('warrants and funds are no common stock', () => {
  const rows = ['CS', 'ADRC', 'WARRANT', 'ETF'].map((security_type) => row(security_type, { security_type }));
  expect(passing({ isCommonOnly: true }, ...rows)).toEqual(['CS', 'ADRC']);
});

test('news and activity are conditions', () => {
  const rows = [row('NEWS', { end_timestamp: 0 }), row('NONE', { end_timestamp: 99_000 })];
  expect(passing({ hasNews: true }, ...rows)).toEqual(['NEWS']);
  expect(passing({ isActive: true }, ...rows)).toEqual(['NONE']);
});

test('each condition is a chip, and its click takes it alone away', () => {
  const filters = { ...NO_FILTERS, isCommonOnly: true, bounds: { price: { min: 2, max: 20 }, float: {} } };
  const found = chips(filters);
  expect(found.map(({ words }) => words)).toEqual(['Price $2.00–$20.00', 'common stock']);
  expect(found[0]!.without.bounds).toEqual({ float: {} });
  expect(found[1]!.without.isCommonOnly).toBe(false);
});

test.each([
  ['1.5', 1.5],
  ['100K', 100_000],
  ['20m', 20_000_000],
  ['1,000', 1000],
  ['−3', -3],
  ['', undefined],
  ['abc', undefined],
  ['1.2.3', undefined],
])('%s is typed for %s', (text, value) => {
  expect(typedNumber(text)).toBe(value);
});
