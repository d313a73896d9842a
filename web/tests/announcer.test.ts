import { expect, test } from 'vitest';
import { Announcer } from '@/shell/announcer';

test('a change of state is said at once, the next one after ten seconds', () => {
  const announcer = new Announcer();
  expect(announcer.next('live', 0)).toBe('live');
  expect(announcer.next('stale', 4_000)).toBe('live');
  expect(announcer.next('stale', 10_000)).toBe('stale');
});

test('what has changed back meanwhile is not said', () => {
  const announcer = new Announcer();
  announcer.next('live', 0);
  announcer.next('stale', 3_000);
  expect(announcer.next('live', 12_000)).toBe('live');
  expect(announcer.next('stale', 13_000)).toBe('stale');
});
