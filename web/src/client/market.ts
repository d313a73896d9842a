import type { AccessSource } from './access';
import { Connection, type SocketFactory } from './connection';
import { FeedStore } from './feed_store';

interface Held {
  store: FeedStore;
  users: number;
  leaving: ReturnType<typeof setTimeout> | null;
}

/** A feed that nobody shows any more is kept this long: symbols are clicked back and forth. */
const KEPT_MS = 3_000;

/** How long the feeds of a wildcard are waited for. */
const NAMES_MS = 4_000;

/**
 * All feeds of a page, each subscribed once and shared among the widgets that show it.
 *
 * Values are kept as they arrive; listeners are told at most once a frame.
 */
export class MarketClient {
  private readonly connection: Connection;
  private readonly held = new Map<string, Held>();
  private readonly dirty = new Set<FeedStore>();
  private isScheduled = false;

  constructor(
    access: AccessSource,
    connect: SocketFactory,
    private readonly schedule: (paint: () => void) => void,
    readonly now: () => number = () => performance.now(),
  ) {
    this.connection = new Connection(access, connect);
  }

  /** Returns a feed's store, subscribed; `release` it when it is no longer shown. */
  hold(key: string): FeedStore {
    let held = this.held.get(key);
    if (held === undefined) {
      const store = new FeedStore(key, (changed) => this.changed(changed), this.now);
      held = { store, users: 0, leaving: null };
      this.held.set(key, held);
      this.connection.subscribe(key, store);
    }
    if (held.leaving !== null) clearTimeout(held.leaving);
    held.leaving = null;
    held.users += 1;
    return held.store;
  }

  /** Gives a store back; its subscription ends when nobody holds it. */
  release(key: string): void {
    const held = this.held.get(key);
    if (held === undefined) return;
    held.users -= 1;
    if (held.users > 0) return;
    held.leaving = setTimeout(() => {
      this.connection.unsubscribe(key);
      this.held.delete(key);
      this.dirty.delete(held.store);
    }, KEPT_MS);
  }

  /**
   * Returns the feeds that match a wildcard and have a value.
   *
   * Those that are held are told by themselves and not by the wildcard: they are added.
   */
  names(pattern: string): Promise<string[]> {
    const prefix = pattern.slice(0, pattern.indexOf('*'));
    const found = new Set([...this.held.keys()].filter((key) => key.startsWith(prefix)));
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.connection.unsubscribe(pattern);
        resolve([...found]);
      };
      const timer = setTimeout(end, NAMES_MS);
      this.connection.subscribe(pattern, {
        options: { snapshot: true, limit: 1, fields: ['symbol'] },
        state: () => undefined,
        frame: (frame) => {
          if (frame.type === 'snapshots') end();
          else found.add(frame.feed);
        },
      });
    });
  }

  /** Returns all feeds that are held. */
  stores(): FeedStore[] {
    return [...this.held.values()].map((held) => held.store);
  }

  /** Returns the newest market time of all feeds, and when the last payload with one came by the page's own clock. */
  pulse(): { eventMs: number; arrivedMs: number } | null {
    let newestMs = 0;
    let arrivedMs = -Infinity;
    for (const { store } of this.held.values()) {
      if (store.eventMs === null || store.arrivedMs === null) continue;
      newestMs = Math.max(newestMs, store.eventMs);
      arrivedMs = Math.max(arrivedMs, store.arrivedMs);
    }
    return newestMs === 0 ? null : { eventMs: newestMs, arrivedMs };
  }

  /** Tries a lost connection at once. */
  hurry(): void {
    this.connection.hurry();
  }

  /** Ends the connection. */
  close(): void {
    this.connection.close();
    for (const { leaving } of this.held.values()) if (leaving !== null) clearTimeout(leaving);
    this.held.clear();
  }

  private changed(store: FeedStore): void {
    this.dirty.add(store);
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.schedule(() => {
      this.isScheduled = false;
      const painted = [...this.dirty];
      this.dirty.clear();
      for (const each of painted) each.paint();
    });
  }
}
