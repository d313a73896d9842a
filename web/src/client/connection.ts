import type { AccessSource } from './access';
import { LoginNeededError } from './access';
import { Backoff } from './backoff';
import type { Frame, SubscribeOptions } from './messages';

/** What of a WebSocket a connection uses: the browser's, or that of a library in tests. */
export interface Socket {
  readonly readyState: number;
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
}

export type SocketFactory = (url: string) => Socket;

export type LinkState = 'connecting' | 'open' | 'refused' | 'lost';

/** Who takes a feed's frames. */
export interface FeedSink {
  readonly options: SubscribeOptions;
  /** A frame that follows the one before. */
  frame(frame: Frame): void;
  state(state: LinkState, reason: string): void;
}

interface Subscription {
  sink: FeedSink;
  seq: number | null;
}

/** A connection without a message for this long asks for one … */
const IDLE_MS = 10_000;
/** … and is given up where none comes. */
const ANSWER_MS = 10_000;
const PROBE = 'market:calendar';
const OPEN = 1;

/**
 * The page's connection to the WDS: it carries all feeds, comes back by itself, and subscribes again.
 *
 * The server numbers each feed's frames: where one is missing the feed is asked for anew.
 */
export class Connection {
  private socket: Socket | null = null;
  private isIn = false;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly backoff = new Backoff();
  private readonly subscriptions = new Map<string, Subscription>();
  private state: LinkState = 'connecting';
  private reason = '';
  private closed = false;

  constructor(
    private readonly access: AccessSource,
    private readonly connect: SocketFactory,
  ) {}

  /** Subscribes to a feed, or to a wildcard whose frames name their feeds. */
  subscribe(feed: string, sink: FeedSink): void {
    this.subscriptions.set(feed, { sink, seq: null });
    if (this.isIn) this.ask(feed, sink);
    else if (this.socket === null && this.timer === null) void this.open();
    else sink.state(this.state, this.reason);
  }

  unsubscribe(feed: string): void {
    if (this.subscriptions.delete(feed) && this.isIn) this.send({ action: 'unsubscribe', feed });
  }

  /** Tries at once instead of at the end of the wait. */
  hurry(): void {
    if (this.closed || this.socket !== null || this.timer === null) return;
    this.backoff.reset();
    this.clear();
    void this.open();
  }

  /** Leaves for good. */
  close(): void {
    this.closed = true;
    this.clear();
    this.drop();
  }

  private async open(): Promise<void> {
    // Holds the place of the socket, so that nobody opens a second one meanwhile.
    this.watch(ANSWER_MS, () => this.lose('no access in time'));
    const attempt = this.timer;
    this.tell('connecting', '');
    try {
      const access = await this.access();
      if (!this.closed && this.timer === attempt) this.talk(this.connect(access.url), access.credentials);
    } catch (error) {
      if (this.closed || this.timer !== attempt) return;
      this.tell(error instanceof LoginNeededError ? 'refused' : 'lost', reasonOf(error));
      this.retry();
    }
  }

  private talk(socket: Socket, credentials: object): void {
    this.socket = socket;
    this.watch(ANSWER_MS, () => this.lose('no answer'));
    const mine = (action: () => void) => () => {
      if (socket === this.socket) action();
    };
    socket.addEventListener(
      'open',
      mine(() => this.send({ action: 'auth', ...credentials })),
    );
    socket.addEventListener(
      'close',
      mine(() => this.lose('connection lost')),
    );
    socket.addEventListener(
      'error',
      mine(() => this.lose('connection failed')),
    );
    socket.addEventListener('message', (event) => {
      if (socket === this.socket) this.receive(String(event.data));
    });
  }

  private receive(text: string): void {
    this.watch(IDLE_MS, () => this.probe());
    let message: Partial<Frame> & { status?: string; reason?: string };
    try {
      message = JSON.parse(text) as typeof message;
    } catch {
      this.lose('unreadable message');
      return;
    }
    if (message.type !== undefined) this.frame(message as Frame);
    else if (message.status !== undefined) this.answered(message.status, message.feed, message.reason);
  }

  private frame(frame: Frame): void {
    const subscription = this.subscriptions.get(frame.feed) ?? this.wildcard(frame.feed);
    if (subscription === undefined) return;
    if ('seq' in frame) {
      const isNext =
        frame.type === 'snapshot' || subscription.seq === null || frame.seq === subscription.seq + 1;
      if (!isNext && this.subscriptions.has(frame.feed)) {
        // A frame is missing: the snapshot that this asks for takes the place of all.
        this.ask(frame.feed, subscription.sink);
        subscription.seq = null;
        return;
      }
      if (frame.type === 'delta' && subscription.seq === null) return;
      subscription.seq = frame.seq;
    }
    subscription.sink.frame(frame);
  }

  private wildcard(feed: string): Subscription | undefined {
    for (const [name, subscription] of this.subscriptions) {
      if (name.endsWith('*') && feed.startsWith(name.slice(0, -1))) return subscription;
    }
    return undefined;
  }

  private answered(status: string, feed: string | undefined, reason: string | undefined): void {
    if (status === 'authorized') {
      this.isIn = true;
      this.backoff.reset();
      this.state = 'open';
      for (const [name, { sink }] of this.subscriptions) this.ask(name, sink);
    } else if (feed !== undefined) {
      const known = this.subscriptions.get(feed);
      if (status === 'subscribed') known?.sink.state('open', '');
      else if (status !== 'unsubscribed') known?.sink.state('refused', reason ?? status);
    } else if (status !== 'invalid action') {
      this.drop();
      this.tell('refused', status);
      this.retry();
    }
  }

  private ask(feed: string, sink: FeedSink): void {
    this.send({ action: 'subscribe', feed, ...sink.options });
  }

  private probe(): void {
    this.send({ action: 'get', cache: PROBE });
    this.watch(ANSWER_MS, () => this.lose('no answer'));
  }

  private send(message: object): void {
    if (this.socket?.readyState === OPEN) this.socket.send(JSON.stringify(message));
  }

  private lose(reason: string): void {
    this.drop();
    this.tell('lost', reason);
    this.retry();
  }

  private tell(state: LinkState, reason: string): void {
    // A try that follows a failure keeps the failure on show.
    if (state !== 'connecting' || this.state === 'open') {
      this.state = state;
      this.reason = reason;
    }
    for (const subscription of this.subscriptions.values()) {
      subscription.seq = null;
      subscription.sink.state(this.state, this.reason);
    }
  }

  private retry(): void {
    if (!this.closed) this.watch(this.backoff.nextMs(), () => void this.open());
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.isIn = false;
    socket?.close();
  }

  private watch(ms: number, action: () => void): void {
    this.clear();
    this.timer = setTimeout(() => {
      this.timer = null;
      action();
    }, ms);
  }

  private clear(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
