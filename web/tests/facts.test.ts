import { expect, test } from 'vitest';
import { factsOf, partitionsOf } from '@/console/facts';
import type { Component } from '@/console/model';
import { setLocale } from '@/format/numbers';

setLocale('en-US');

const component = (kind: Component['kind'], health: unknown, more: Partial<Component> = {}): Component => ({
  name: 'it',
  title: 'It',
  kind,
  controllable: false,
  reachable: true,
  healthy: true,
  state: 'ok',
  version: null,
  uptime_s: null,
  checked_ms: null,
  lag: null,
  rates: {},
  latency: {},
  event_delay: {},
  cpu_percent: null,
  drops: {},
  last_error: null,
  health: health as Component['health'],
  ...more,
});
const facts = (...of: Parameters<typeof component>) =>
  Object.fromEntries(factsOf(component(...of)).map(({ name, value }) => [name, value]));

test('a component tells what it knows, and nothing of what it does not', () => {
  expect(facts('worker', null)).toEqual({});
  expect(facts('wds', { clients: 0, usage: { resident_bytes: 104e6 } })).toEqual({
    Clients: '0',
    Memory: '104.0 MB',
  });
});

test('a listener tells how many events lie in a record, and how late they come', () => {
  const said = facts(
    'listener',
    { kafka: { fill_percent: 0.5 }, subscriptions: ['T.*', 'A.*'] },
    {
      rates: {
        'events_acknowledged.trades': 90,
        'events_acknowledged.quotes': 60,
        records_acknowledged: 50,
      },
      event_delay: { trades: { p50_ms: 12.4, p99_ms: 80 } },
      drops: { 'dropped.too_large': 2 },
    },
  );
  expect(said['Events a record']).toBe('3.0');
  expect(said['Subscriptions']).toBe('T.*, A.*');
  expect(said['Buffer for Kafka']).toBe('0.5% full');
  expect(said['Since the exchange, p50 / p99']).toBe('trades 12 / 80 ms');
  expect(said['Lost or refused']).toBe('dropped.too_large 2');
});

test('what says something else than it should spoils nothing', () => {
  expect(facts('worker', { gauges: 'none', redis: [], partitions: 'all', disk_free_ratio: '1' })).toEqual({});
  expect(partitionsOf(component('worker', { partitions: [null, { topic: 1 }, 'x'] }))).toEqual([]);
});

test('the partition that is furthest behind stands first', () => {
  const partitions = [
    { topic: 'md.trades', partition: 0, position: 5, committed: null, lag: 0 },
    { topic: 'md.trades', partition: 1, position: 5, committed: 4, lag: 7 },
  ];
  expect(partitionsOf(component('worker', { partitions })).map(({ partition }) => partition)).toEqual([1, 0]);
});
