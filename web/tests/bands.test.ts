import { expect, test } from 'vitest';
import { bandDistance, bandWords } from '@/columns/halts';

test('the nearer of the two bands counts', () => {
  expect(bandDistance(10, 9, 10.5)).toBeCloseTo(5);
  expect(bandDistance(10, 9.9, 10.5)).toBeCloseTo(1);
});

test('a price at a band or beyond it is at the band', () => {
  expect(bandWords(bandDistance(10.5, 9, 10.5))).toBe('at band');
  expect(bandWords(bandDistance(8.9, 9, 10.5))).toBe('at band');
});

test('one band is enough, none or no price is unknown', () => {
  expect(bandDistance(10, null, 11)).toBeCloseTo(10);
  expect(bandWords(bandDistance(10, null, null))).toBe('–');
  expect(bandWords(bandDistance(null, 9, 11))).toBe('–');
});
