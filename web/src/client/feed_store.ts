import { eventMs, feedOf, merged } from './feeds';
import type { LinkEvents, LinkState } from './feed_link';
import type { Feed } from '@/generated/feeds';

/** Told of a live payload when it arrives, whether or not the page is painted. */
export type ArrivalListener = (data: unknown) => void;

const MOST_EARLY = 1_000;

/**
 * The value of one feed, shared by all widgets that show it.
 *
 * A latest value is replaced by the newer one. A list is kept whole, newest first, its entries merged by id. The
 * value is never changed in place: whoever holds it holds a snapshot.
 */
export class FeedStore implements LinkEvents {
  readonly feed: Feed | null;
  value: unknown = null;
  /** Newest market time in the value, ms since 1970. */
  eventMs: number | null = null;
  /** When the last live payload came, by the page's own clock; null before the first. */
  arrivedMs: number | null = null;
  /** Whether the value was ever told, be it that there is none. */
  isTold = false;
  link: LinkState = 'connecting';
  reason = '';
  /** When the connection was lost, by the page's own clock; null while there is one. */
  lostMs: number | null = null;
  /** How long the last loss lasted, ms; 0 where there was none. */
  gapMs = 0;

  private isSnapshotDue = true;
  /** What came live before the snapshot that was asked for: a newer value, or entries of a list. */
  private early: unknown[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly arrivals = new Set<ArrivalListener>();

  constructor(
    readonly key: string,
    private readonly changed: (store: FeedStore) => void,
    private readonly now: () => number,
  ) {
    this.feed = feedOf(key);
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

  /** Tells the listeners that the value changed. */
  paint(): void {
    for (const listener of this.listeners) listener();
  }

  state(state: LinkState, reason: string): void {
    if (state === 'open') {
      if (this.lostMs !== null) this.gapMs = this.now() - this.lostMs;
      this.lostMs = null;
    } else {
      this.lostMs ??= this.now();
      this.isSnapshotDue = true;
      this.early = [];
    }
    // A try that follows a failure keeps the failure on show.
    if (state !== 'connecting' || this.link === 'open') this.link = state;
    if (state !== 'connecting') this.reason = reason;
    this.changed(this);
  }

  snapshot(data: unknown): void {
    this.isTold = true;
    if (this.isList) {
      const listed: unknown[] = Array.isArray(data) ? data : [];
      this.value = this.early.reduce<unknown[]>((list, entry) => merged(this.feed!, list, entry), listed);
    } else if (this.early.length === 0) {
      this.take(data);
    }
    this.isSnapshotDue = false;
    this.early = [];
    this.changed(this);
  }

  live(data: unknown): void {
    this.arrivedMs = this.now();
    if (this.isList) {
      if (this.isTold) this.value = merged(this.feed!, this.value as unknown[], data);
    } else {
      this.isTold = true;
      this.take(data);
    }
    if (this.isSnapshotDue && (this.isList || this.early.length === 0) && this.early.length < MOST_EARLY) {
      this.early.push(data);
    }
    for (const listener of this.arrivals) listener(data);
    this.changed(this);
  }

  private get isList(): boolean {
    return this.feed?.kind === 'list';
  }

  private take(data: unknown): void {
    this.value = data;
    this.eventMs = data === null ? null : eventMs(this.feed, data);
  }
}
