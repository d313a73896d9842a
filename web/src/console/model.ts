/** What the SCP tells of the platform's parts; what is not known is null, never 0. */

/** Quantiles, ms. */
export interface Durations {
  p50_ms: number;
  p99_ms: number;
}

export interface Component {
  name: string;
  title: string;
  kind: 'listener' | 'worker' | 'wds' | 'other';
  controllable: boolean;
  reachable: boolean;
  healthy: boolean;
  state: string;
  version: string | null;
  uptime_s: number | null;
  checked_ms: number | null;
  lag: number | null;
  rates: Record<string, number>;
  /** Since it was asked last: how long after their receipt events came to its stages, ms. */
  latency: Record<string, Durations>;
  /** Likewise: how long after they happened events were seen by it, by topic, ms. */
  event_delay: Record<string, Durations>;
  /** Of one core; null while that is unknown. */
  cpu_percent: number | null;
  drops: Record<string, number>;
  /** What went wrong last; `over_ms` is since when it is healthy again, null while it is not. */
  last_error: { message: string; at_ms: number; over_ms: number | null } | null;
  health: Record<string, unknown> | null;
}

export interface Components {
  at_ms: number;
  components: Component[];
}

export interface Group {
  group: string;
  lag: number | null;
  lag_s: number | null;
  /** Against half a minute ago; null while that is unknown. */
  trend: 'rising' | 'falling' | 'steady' | null;
  /** Where it falls, how long until it is gone. */
  drain_s: number | null;
  problem: string | null;
}

export interface Topic {
  name: string;
  partitions: number;
  cleanup: string | null;
  retention_ms: number | null;
  records: number | null;
  bytes: number | null;
  records_per_s: number | null;
  skew: number | null;
  problem: string | null;
  groups: Group[];
}

export interface Topics {
  at_ms: number;
  problem: string | null;
  topics: Topic[];
}

export interface RedisServer {
  name: string;
  address: string;
  problem: string | null;
  version: string | null;
  memory_bytes: number | null;
  /** 0 where there is none. */
  memory_limit_bytes: number | null;
  ops_per_s: number | null;
  in_kib_per_s: number | null;
  out_kib_per_s: number | null;
  clients: number | null;
  evicted: number | null;
  keys: number | null;
  ping_ms: number | null;
}

export interface Alarm {
  key: string;
  level: 'page' | 'ticket';
  text: string;
  since_ms: number;
  is_over: boolean;
}

export interface Audited {
  id: number;
  at_ms: number;
  user: string;
  role: string;
  address: string;
  action: string;
  target: string;
  result: string;
  detail: string;
}

/** The counters that tell how much a component does, by its kind; the first that it has counts. */
const WORK = ['events_processed', 'delivered', 'articles_read', 'articles'];

/** Returns how much a component does, a second; null where it does not say. */
export function workRate(rates: Readonly<Record<string, number>>): number | null {
  const received = Object.entries(rates).filter(([name]) => /^events\.[A-Z]+$/.test(name));
  if (received.length > 0) return received.reduce((sum, [, rate]) => sum + rate, 0);
  const name = WORK.find((each) => each in rates);
  return name === undefined ? null : rates[name]!;
}

/** The stages of an event's way, as the page calls them. What is flushed is safe, but nobody waits for it. */
const WAY: readonly [stage: string, title: string][] = [
  ['kafka', 'in Kafka'],
  ['applied', 'applied'],
  ['published', 'in Redis'],
  ['dispatched', 'to clients'],
];

/** Returns how long the slowest component of each stage takes, ms; null where nothing came to it. */
export function delays(components: readonly Component[]): Record<string, number | null> {
  const found: Record<string, number | null> = {};
  for (const [stage, title] of WAY) {
    const told = components.flatMap(({ latency }) => latency[stage] ?? []);
    const most = (of: 'p50_ms' | 'p99_ms') =>
      told.length === 0 ? null : Math.max(...told.map((each) => each[of]));
    if (stage === 'dispatched') found[`${title}, p50`] = most('p50_ms');
    found[`${title}, p99`] = most('p99_ms');
  }
  return found;
}

/** Returns how much a component has lost. */
export function dropped(component: Component): number {
  return Object.values(component.drops).reduce((sum, count) => sum + count, 0);
}

/** Returns how old the newest is that a component has got, s; null where it does not say. */
export function newestAgeS(component: Component, topics: readonly Topic[]): number | null {
  const { health, kind } = component;
  const told = health?.last_frame_age_s ?? health?.last_message_age_s;
  if (kind !== 'worker') return typeof told === 'number' ? told : null;
  const late = topics
    .flatMap(({ groups }) => groups)
    .filter(({ group, lag_s: seconds }) => group === health?.app && seconds !== null);
  return late.length === 0 ? null : Math.max(...late.map((group) => group.lag_s!));
}

/** The platform's stages in the order of the flow: those of one kind stand side by side. */
export const STAGES: readonly Component['kind'][] = ['listener', 'worker', 'wds', 'other'];

/** Returns whether a group is so late that records may be gone before it reads them: half the topic's retention. */
export function isLosing(topic: Topic, group: Group): boolean {
  const retained = topic.cleanup === 'delete' ? topic.retention_ms : null;
  return retained !== null && group.lag_s !== null && group.lag_s * 2_000 > retained;
}

/** One line of a chart: what was known at the moments of the chart, null where nothing was. */
export interface Line {
  name: string;
  values: (number | null)[];
}

/** Moments and lines over the last while, for charts. */
export class History {
  readonly times: number[] = [];
  private readonly lines = new Map<string, (number | null)[]>();

  constructor(private readonly most: number) {}

  /** Adds a moment (ms since 1970); a line that is not told of has a gap there. */
  add(ms: number, values: Readonly<Record<string, number | null>>): void {
    if (ms <= (this.times.at(-1) ?? 0) * 1000) return;
    this.times.push(ms / 1000);
    for (const name of Object.keys(values)) {
      if (!this.lines.has(name)) this.lines.set(name, new Array<null>(this.times.length - 1).fill(null));
    }
    for (const [name, known] of this.lines) known.push(values[name] ?? null);
    if (this.times.length <= this.most) return;
    this.times.shift();
    for (const known of this.lines.values()) known.shift();
  }

  shown(): Line[] {
    return [...this.lines].map(([name, values]) => ({ name, values: [...values] }));
  }
}
