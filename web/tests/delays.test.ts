import { expect, test } from 'vitest';
import { delays, type Component } from '@/console/model';

const component = (latency: Component['latency']) => ({ latency }) as Component;

test('the slowest component of a stage counts, and a stage that nothing came to has a gap', () => {
  const told = delays([
    component({ applied: { p50_ms: 3, p99_ms: 20 } }),
    component({ applied: { p50_ms: 4, p99_ms: 10 }, flushed: { p50_ms: 900, p99_ms: 990 } }),
    component({ dispatched: { p50_ms: 60, p99_ms: 110 } }),
  ]);
  expect(told).toEqual({
    'in Kafka, p99': null,
    'applied, p99': 20,
    'in Redis, p99': null,
    'to clients, p50': 60,
    'to clients, p99': 110,
  });
});
