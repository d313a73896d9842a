import * as numbers from '@/format/numbers';
import { age, clock, NEW_YORK } from '@/format/time';
import type { Component, Durations } from './model';

/** What a component says of itself, in words: every figure that it has, none that it has not. */

export interface Fact {
  name: string;
  value: string;
}

/** Where a worker stands on one partition, in offsets; null where it does not know. */
export interface Partition {
  topic: string;
  partition: number;
  position: number | null;
  committed: number | null;
  lag: number | null;
}

type Json = Partial<Record<string, unknown>>;
type Said = string | null | undefined | false;

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
function told(value: unknown, words: (value: number) => string): string | null {
  const known = number(value);
  return known === null ? null : words(known);
}
function each(value: unknown, words: (name: string, value: number) => string): string | null {
  const known = Object.entries(object(value)).flatMap(
    ([name, each]) => told(each, (it) => words(name, it)) ?? [],
  );
  return known.length === 0 ? null : known.join(', ');
}
function quantiles(of: Readonly<Record<string, Durations>>): string | null {
  const known = Object.entries(of).map(
    ([name, { p50_ms: p50, p99_ms: p99 }]) =>
      `${name} ${numbers.count(Math.round(p50))} / ${numbers.count(Math.round(p99))} ms`,
  );
  return known.length === 0 ? null : known.join(', ');
}
const perSecond = (rate: number) => `${numbers.shares(rate)}/s`;
const percent = (share: number) => `${numbers.fixed(share * 100, 1)}%`;
const bytes = (count: number) => `${numbers.fixed(count / 1e6, 1)} MB`;

/** Returns the sum of the rates of a counter and of its reasons; null where the component has no such counter. */
function rateOf({ rates }: Component, name: string): number | null {
  const found = Object.entries(rates).filter(([key]) => key === name || key.startsWith(`${name}.`));
  return found.length === 0 ? null : found.reduce((sum, [, rate]) => sum + rate, 0);
}
function part(component: Component, of: string, by: string): number | null {
  const [one, other] = [rateOf(component, of), rateOf(component, by)];
  return one === null || !other ? null : one / other;
}

function ofListener(component: Component, health: Json): [string, Said][] {
  const kafka = object(health.kafka);
  const { subscriptions } = health;
  const since = (seconds: number) => `${clock(seconds * 1000, NEW_YORK)} ET`;
  return [
    ['Connected since', told(health.connected_since, since)],
    ['Reconnects since its start', told(health.reconnects, numbers.count)],
    ['Tries again in', told(health.retry_in_s, (seconds) => age(seconds * 1000))],
    [
      'Last frame',
      told(health.last_frame_age_s ?? health.last_message_age_s, (seconds) => `${age(seconds * 1000)} ago`),
    ],
    ['Vendor', typeof health.feed === 'string' && health.feed],
    ['Market', typeof health.market === 'string' && health.market],
    ['Subscriptions', Array.isArray(subscriptions) && subscriptions.join(', ')],
    ['Events received', each(health.events_per_s, (kind, rate) => `${kind} ${perSecond(rate)}`)],
    ['Frames', told(rateOf(component, 'frames'), perSecond)],
    ['Received', told(rateOf(component, 'bytes_received'), (rate) => `${bytes(rate)}/s`)],
    ['Records', told(rateOf(component, 'records_acknowledged'), perSecond)],
    [
      'Events a record',
      told(part(component, 'events_acknowledged', 'records_acknowledged'), (it) => numbers.fixed(it, 1)),
    ],
    ['Buffer for Kafka', told(kafka.fill_percent, (it) => `${numbers.fixed(it, 1)}% full`)],
    ['Oldest in it', told(kafka.oldest_age_s, (seconds) => age(seconds * 1000))],
    ['Hand-over', told(health.handover_fill_percent, (it) => `${numbers.fixed(it, 1)}% full`)],
  ];
}

function ofWorker(component: Component, health: Json): [string, Said][] {
  const gauges = object(health.gauges);
  return [
    ['Group', typeof health.app === 'string' && health.app],
    ['Generation', told(gauges.generation, numbers.count)],
    ['Rebalances since its start', told(gauges.rebalances, numbers.count)],
    ['Rows', each(gauges.table_rows, (table, rows) => `${table} ${numbers.count(rows)}`)],
    [
      'Batches not safe yet',
      each(gauges.table_pending, (table, batches) => `${table} ${numbers.count(batches)}`),
    ],
    ['Flushes', told(rateOf(component, 'flushes'), perSecond)],
    ['Rows a flush', told(part(component, 'rows_flushed', 'flushes'), (it) => numbers.fixed(it, 0))],
    ['Values to Redis', told(rateOf(component, 'published'), perSecond)],
    ['Replaced by newer ones', told(rateOf(component, 'conflated'), perSecond)],
    ['Waiting for Redis', each(gauges.emitter_waiting, (name, values) => `${name} ${numbers.count(values)}`)],
    [
      "Redis's clock ahead",
      each(gauges.clock_offset, (name, seconds) => `${name} ${numbers.fixed(seconds * 1000, 0)} ms`),
    ],
    ['Disk free', told(health.disk_free_ratio, percent)],
  ];
}

function ofWds(component: Component, health: Json): [string, Said][] {
  const gauges = object(health.gauges);
  return [
    ['Clients', told(health.clients, numbers.count)],
    ['Subscriptions', told(health.subscriptions, numbers.count)],
    ['Values from Redis', told(rateOf(component, 'received'), perSecond)],
    ['Messages sent', told(rateOf(component, 'sent'), perSecond)],
    ['Requests', told(rateOf(component, 'requests'), perSecond)],
    ['Replaced by newer ones', told(rateOf(component, 'conflated'), perSecond)],
    ['Age of the newest', each(gauges.message_age, (feed, seconds) => `${feed} ${age(seconds * 1000)}`)],
  ];
}

/** Returns what a component says of itself. */
export function factsOf(component: Component): Fact[] {
  const health = object(component.health);
  const [usage, redis] = [object(health.usage), Object.entries(object(health.redis))];
  const own = { listener: ofListener, worker: ofWorker, wds: ofWds, other: () => [] }[component.kind];
  const losses = Object.entries(component.drops).map(
    ([reason, count]) => `${reason} ${numbers.count(count)}`,
  );
  const all: [string, Said][] = [
    ...own(component, health),
    ['Redis', redis.map(([name, isUp]) => `${name} ${isUp === true ? 'answers' : 'is away'}`).join(', ')],
    ['Since the exchange, p50 / p99', quantiles(component.event_delay)],
    ['Since receipt, p50 / p99', quantiles(component.latency)],
    ['CPU', told(component.cpu_percent, (it) => `${numbers.fixed(it, 0)}% of a core`)],
    ['Memory', told(usage.resident_bytes, bytes)],
    ['Lost or refused', losses.join(', ')],
  ];
  return all.flatMap(([name, value]) => (value ? [{ name, value }] : []));
}

/** Returns where a worker stands, those that are furthest behind first; nothing of what reads none. */
export function partitionsOf(component: Component): Partition[] {
  const { partitions } = object(component.health);
  const known = (Array.isArray(partitions) ? partitions : []).map(object).flatMap((it): Partition[] => {
    const partition = number(it.partition);
    if (typeof it.topic !== 'string' || partition === null) return [];
    const [position, committed, lag] = [number(it.position), number(it.committed), number(it.lag)];
    return [{ topic: it.topic, partition, position, committed, lag }];
  });
  return known.sort((one, other) => (other.lag ?? 0) - (one.lag ?? 0));
}
