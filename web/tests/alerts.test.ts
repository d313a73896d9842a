import { expect, test } from 'vitest';
import { folded, Sounding } from '@/alerts/folding';
import type { RangeAlert } from '@/client/feeds';
import { row } from './rows';

function alert(symbol: string, timestamp: number, direction = 'high'): RangeAlert {
  const told = { hits: 1, session: 'regular', price: timestamp, previous: 0, note: '' };
  return { ...row(symbol), ...told, id: `${symbol} ${timestamp} ${direction}`, timestamp, direction };
}
const shown = (lines: ReturnType<typeof folded>) =>
  lines.map(({ alert: newest, count }) => `${newest.symbol} ${newest.direction} ${newest.price} ×${count}`);

test('breaks of one symbol and direction within the span are one line with the newest price', () => {
  const newestFirst = [alert('A', 159), alert('B', 130), alert('A', 120), alert('A', 100)];
  expect(shown(folded(newestFirst, 60))).toEqual(['B high 130 ×1', 'A high 159 ×3']);
});

test('the span counts from the first break of a line: a runner has a line a minute', () => {
  const newestFirst = [160, 130, 100].map((time) => alert('A', time));
  expect(shown(folded(newestFirst, 60))).toEqual(['A high 160 ×1', 'A high 130 ×2']);
});

test('highs and lows are never one line, and without a span nothing is', () => {
  expect(folded([alert('A', 101, 'low'), alert('A', 100)], 60)).toHaveLength(2);
  expect(folded([alert('A', 101), alert('A', 100)], 0)).toHaveLength(2);
});

test('a line keeps its key when it grows', () => {
  const first = folded([alert('A', 100)], 60)[0]!.key;
  expect(folded([alert('A', 110), alert('A', 100)], 60)[0]!.key).toBe(first);
});

test('a line sounds once, at its birth', () => {
  const sounding = new Sounding();
  const heard = [100, 120, 159, 160].map((time) => sounding.sounds(alert('A', time), 60, false));
  expect(heard).toEqual([true, false, false, true]);
});

test('the first minute after the open is silent, and does not sound later', () => {
  const sounding = new Sounding();
  expect(sounding.sounds(alert('A', 100), 60, true)).toBe(false);
  expect(sounding.sounds(alert('A', 110), 60, false)).toBe(false);
});
