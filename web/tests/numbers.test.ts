import { beforeEach, describe, expect, test } from 'vitest';
import * as numbers from '@/format/numbers';

beforeEach(() => numbers.setLocale('en-US'));

test('prices have cents, and hundredths of a cent under a dollar', () => {
  expect(numbers.price(12.345)).toBe('12.35');
  expect(numbers.price(0.12345)).toBe('0.1235');
  expect(numbers.price(null)).toBe('–');
});

test('the full price is in the tooltip', () => {
  expect(numbers.fullPrice(12.345)).toBe('12.345');
});

test.each([
  [12.341, '+12.34%'],
  [-3.1, '−3.10%'],
  [0, '0.00%'],
  [-0.001, '0.00%'],
  [0.004, '0.00%'],
  [999.99, '+999.99%'],
  [999.999, '+1,000%'],
  [1234.5, '+1,235%'],
  [null, '–'],
  [NaN, '–'],
])('%s percent is shown as %s', (value, shown) => {
  expect(numbers.percent(value)).toBe(shown);
});

test.each([
  [945, '945'],
  [999.4, '999'],
  [999.6, '1.00K'],
  [12_345, '12.3K'],
  [999_499, '999K'],
  [999_600, '1.00M'],
  [1_052_300, '1.05M'],
  [9_996_000, '10.0M'],
  [2_100_000_000, '2.10B'],
  [0, '0'],
  [null, '–'],
])('%s shares are shown as %s', (value, shown) => {
  expect(numbers.shares(value)).toBe(shown);
});

test('ratios have three digits', () => {
  expect([0.351, 12.34, 150.2].map((value) => numbers.ratio(value))).toEqual(['0.35×', '12.3×', '150×']);
});

describe('the direction of a number', () => {
  test('is that of what is shown: what rounds to zero points nowhere', () => {
    expect(numbers.direction(0.004)).toBe('flat');
    expect(numbers.direction(-0.006)).toBe('down');
    expect(numbers.direction(null)).toBeNull();
  });
});

test('signs are those of the locale', () => {
  numbers.setLocale('de-DE');
  expect(numbers.percent(1234.5)).toBe('+1.235%');
  expect(numbers.price(12.3)).toBe('12,30');
});
