import type { FeedSink, LinkState } from './connection';
import { eventMs, feedOf, isBoard, limitOf, merged } from './feeds';
import { applied, type Frame, type SubscribeOptions } from './messages';
import type { Feed } from '@/generated/feeds';

/** A feed's value before and after a live payload. */
export interface Change {
  before: unknown;
  after: unknown;
}

/** Told of a live payload when it arrives, whether or not the page is painted. */
export type ArrivalListener = (data: unknown, change: Change) => void;

/**
 * The value of one feed, shared by all widgets that show it.
 *
 * A latest value is replaced by the newer one. A list is kept whole, newest first, its entries merged by id. The
 * value is never changed in place: whoever holds it holds a snapshot.
 */
export class FeedStore implements FeedSink {
  readonly feed: Feed | null;
  readonly options: SubscribeOptions;
  value: unknown = null;
  /** Newest market time in the value, ms since 1970. */
  eventMs: number | null = null;
  /** When the last live payload came, by the page's own clock; null before the first. */
  arrivedMs: number | null = null;
  /** Whether the value was ever told, be it that there is none. */
  isTold = false;
  link: LinkState = 'connecting';
  reason = '';
  /** Whether the server has said that it cannot tell updates until its Redis is back. */
  isCutOff = false;
  /** When the connection was lost, by the page's own clock; null while there is one. */
  lostMs: number | null = null;
  /** How long the last loss lasted, ms; 0 where there was none. */
  gapMs = 0;

  private readonly listeners = new Set<() => void>();
  private readonly arrivals = new Set<ArrivalListener>();
  private readonly snapshots = new Set<() => void>();

  constructor(
    readonly key: string,
    private readonly changed: (store: FeedStore) => void,
    private readonly now: () => number,
  ) {
    this.feed = feedOf(key);
    const limit = this.feed === null ? 0 : limitOf(this.feed);
    this.options = {
      snapshot: true,
      ...(limit > 0 ? { limit } : {}),
      ...(this.feed !== null && isBoard(this.feed) ? { delta: true as const } : {}),
    };
  }

  /** Calls a listener at each paint after a change; returns how to leave. */
  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Calls a listener at each live payload, at once; returns how to leave. */
  hear(listener: ArrivalListener): () => void {
    this.arrivals.add(listener);
    return () => this.arrivals.delete(listener);
  }

  /** Calls a listener at each snapshot, at once: what it holds is no news; returns how to leave. */
  hearSnapshots(listener: () => void): () => void {
    this.snapshots.add(listener);
    return () => this.snapshots.delete(listener);
  }

  /** Tells the listeners that the value changed. */
  paint(): void {
    for (const listener of this.listeners) listener();
  }

  state(state: LinkState, reason: string): void {
    if (state === 'open') {
      if (this.lostMs !== null && this.isTold) this.gapMs = this.now() - this.lostMs;
      this.lostMs = null;
    } else {
      this.lostMs ??= this.now();
      this.isCutOff = false;
    }
    this.link = state;
    this.reason = reason;
    this.changed(this);
  }

  frame(frame: Frame): void {
    switch (frame.type) {
      case 'snapshot':
        this.take(this.isList && frame.data === null ? [] : frame.data);
        for (const listener of this.snapshots) listener();
        break;
      case 'value':
        this.arrive(frame.data, () => this.take(frame.data));
        break;
      case 'delta':
        this.arrive(frame.data, () =>
          this.take(applied((this.value ?? []) as { symbol: string }[], frame.data)),
        );
        break;
      case 'item':
        this.add([frame.data]);
        break;
      case 'items':
        this.add([...frame.data].reverse());
        break;
      case 'stale':
      case 'resync':
        this.isCutOff = frame.type === 'stale';
        this.reason = this.isCutOff ? frame.data.reason : '';
        break;
      default:
        return;
    }
    this.changed(this);
  }

  /** Whether it has no connection and had one, or was refused one. */
  get isLost(): boolean {
    return this.link === 'lost' || this.link === 'refused';
  }

  private get isList(): boolean {
    return this.feed?.kind === 'list';
  }

  private add(entries: unknown[]): void {
    for (const entry of entries) {
      this.arrive(entry, () => {
        this.value = merged(this.feed!, (this.value ?? []) as unknown[], entry);
      });
    }
  }

  private take(data: unknown): void {
    this.isTold = true;
    this.value = data;
    this.eventMs = data === null ? null : eventMs(this.feed, data);
  }

  private arrive(data: unknown, take: () => void): void {
    const before = this.value;
    take();
    this.arrivedMs = this.now();
    const change = { before, after: this.value };
    for (const listener of this.arrivals) listener(data, change);
  }
}
