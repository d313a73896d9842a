import { expect, test } from 'vitest';
import { FeedStore } from '@/client/feed_store';
import { freshness, type Signs } from '@/client/freshness';

const LIVE: Signs = {
  isLost: false,
  isCutOff: false,
  isTold: true,
  arrivedAgoMs: 500,
  pulseAgoMs: 500,
  behindMs: 900,
  isClosed: false,
  cadenceMs: 1_000,
  watchedForMs: 60_000,
};
const state = (signs: Partial<Signs>) => freshness({ ...LIVE, ...signs });

test('data that comes on time is live', () => expect(state({})).toBe('live'));

test('a lost connection is told at once, whatever the age of the data', () =>
  expect(state({ isLost: true })).toBe('disconnected'));

test('a feed that is asked for the first time is not lost', () => {
  const store = new FeedStore(
    'stocks:quote:A',
    () => undefined,
    () => 0,
  );
  expect(store.isLost).toBe(false);
  store.state('lost', 'connection lost');
  expect(store.isLost).toBe(true);
  store.state('open', '');
  expect(store.isLost).toBe(false);
});

test('a board that stands still while the market runs is stale', () =>
  expect(state({ arrivedAgoMs: 9_000 })).toBe('stale'));

test('a symbol that does not trade is quiet, not stale', () =>
  expect(state({ cadenceMs: null, arrivedAgoMs: 90_000 })).toBe('quiet'));

test('without any market data an open exchange is stale, a closed one is closed', () => {
  expect(state({ pulseAgoMs: 30_000, arrivedAgoMs: 30_000 })).toBe('stale');
  expect(state({ pulseAgoMs: 30_000, arrivedAgoMs: 30_000, isClosed: true })).toBe('closed');
});

test('what the server cannot update is stale, though the socket is open', () =>
  expect(state({ isCutOff: true })).toBe('stale'));

test('late data is delayed, data of another day is a replay', () => {
  expect(state({ behindMs: 15 * 60_000 })).toBe('delayed');
  expect(state({ behindMs: 86_400_000 })).toBe('replay');
  expect(state({ behindMs: -3_600_000 })).toBe('replay');
});

test('right after the page was opened nothing is stale yet', () =>
  expect(state({ pulseAgoMs: null, arrivedAgoMs: null, watchedForMs: 2_000 })).toBe('waiting'));
