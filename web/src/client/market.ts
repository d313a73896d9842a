import type { AccessSource } from './access';
import { FeedLink, type SocketFactory } from './feed_link';
import { FeedStore } from './feed_store';
import { limitOf } from './feeds';

interface Held {
  store: FeedStore;
  link: FeedLink;
  users: number;
  leaving: ReturnType<typeof setTimeout> | null;
}

/** A feed that nobody shows any more is kept this long: symbols are clicked back and forth. */
const KEPT_MS = 3_000;

/**
 * All feeds of a page: one connection a feed, shared among the widgets that show it.
 *
 * Values are kept as they arrive; listeners are told at most once a frame.
 */
export class MarketClient {
  private readonly held = new Map<string, Held>();
  private readonly dirty = new Set<FeedStore>();
  private isScheduled = false;

  constructor(
    private readonly access: AccessSource,
    private readonly connect: SocketFactory,
    private readonly schedule: (paint: () => void) => void,
    readonly now: () => number = () => performance.now(),
  ) {}

  /** Returns a feed's store, connected; `release` it when it is no longer shown. */
  hold(key: string): FeedStore {
    let held = this.held.get(key);
    if (held === undefined) {
      const store = new FeedStore(key, (changed) => this.changed(changed), this.now);
      const limit = store.feed === null ? 0 : limitOf(store.feed);
      const link = new FeedLink(key, limit, this.access, this.connect, store);
      held = { store, link, users: 0, leaving: null };
      this.held.set(key, held);
    }
    if (held.leaving !== null) clearTimeout(held.leaving);
    held.leaving = null;
    held.users += 1;
    return held.store;
  }

  /** Gives a store back; its connection ends when nobody holds it. */
  release(key: string): void {
    const held = this.held.get(key);
    if (held === undefined) return;
    held.users -= 1;
    if (held.users > 0) return;
    held.leaving = setTimeout(() => {
      held.link.close();
      this.held.delete(key);
      this.dirty.delete(held.store);
    }, KEPT_MS);
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

  /** Tries lost connections at once. */
  hurry(): void {
    for (const { link } of this.held.values()) link.hurry();
  }

  /** Ends all connections. */
  close(): void {
    for (const { link, leaving } of this.held.values()) {
      link.close();
      if (leaving !== null) clearTimeout(leaving);
    }
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
