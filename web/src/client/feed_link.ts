import type { AccessSource } from './access';
import { LoginNeededError } from './access';
import { Backoff } from './backoff';

/** What of a WebSocket a link uses: the browser's, or that of a library in tests. */
export interface Socket {
  readonly readyState: number;
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
}

export type SocketFactory = (url: string) => Socket;

export type LinkState = 'connecting' | 'open' | 'refused' | 'lost';

/** What a link tells its owner. */
export interface LinkEvents {
  /** The value as it was when the link came up: parsed, null where there is none. */
  snapshot(data: unknown): void;
  /** A published payload, parsed. */
  live(data: unknown): void;
  state(state: LinkState, reason: string): void;
}

/** A link without a message for this long asks for one … */
const IDLE_MS = 15_000;
/** … and is given up where none comes. */
const ANSWER_MS = 10_000;
const PROBE = 'market:calendar';
const OPEN = 1;

/**
 * One socket for one feed: frames of published payloads have no envelope, so two feeds cannot share one.
 *
 * It subscribes first and asks for the value then, so that nothing falls between; it comes back by itself.
 */
export class FeedLink {
  private socket: Socket | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly backoff = new Backoff();
  private closed = false;

  constructor(
    private readonly feed: string,
    private readonly limit: number,
    private readonly access: AccessSource,
    private readonly connect: SocketFactory,
    private readonly events: LinkEvents,
  ) {
    void this.open();
  }

  /** Leaves for good. */
  close(): void {
    this.closed = true;
    this.clear();
    this.drop();
  }

  /** Tries at once instead of at the end of the wait: the network is back. */
  hurry(): void {
    if (this.socket === null && this.timer !== null) {
      this.backoff.reset();
      this.clear();
      void this.open();
    }
  }

  private async open(): Promise<void> {
    this.events.state('connecting', '');
    try {
      const access = await this.access();
      if (!this.closed) this.talk(this.connect(access.url), access.credentials);
    } catch (error) {
      if (this.closed) return;
      this.events.state(error instanceof LoginNeededError ? 'refused' : 'lost', reasonOf(error));
      this.retry();
    }
  }

  private talk(socket: Socket, credentials: object): void {
    this.socket = socket;
    this.watch(ANSWER_MS, () => this.lose('no answer'));
    socket.addEventListener('open', () => {
      socket.send(JSON.stringify({ action: 'auth', ...credentials }));
      socket.send(JSON.stringify({ action: 'subscribe', feed: this.feed }));
      socket.send(JSON.stringify({ action: 'get', cache: this.feed, limit: this.limit }));
    });
    socket.addEventListener('message', (event) => {
      if (socket === this.socket) this.receive(String(event.data));
    });
    socket.addEventListener('close', () => {
      if (socket === this.socket) this.lose('connection lost');
    });
    socket.addEventListener('error', () => {
      if (socket === this.socket) this.lose('connection failed');
    });
  }

  private receive(text: string): void {
    this.watch(IDLE_MS, () => this.probe());
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      this.lose('unreadable message');
      return;
    }
    if (text.startsWith('{"status":')) {
      this.answered((message as { status: string }).status);
    } else if (text.startsWith('{"cache":')) {
      const reply = message as { cache: string; data: unknown; error?: string };
      if (reply.error !== undefined) this.lose(reply.error);
      else if (reply.cache === this.feed) this.events.snapshot(reply.data);
    } else {
      this.events.live(message);
    }
  }

  private answered(status: string): void {
    if (status === 'authorized') return;
    if (status === 'subscribed') {
      this.backoff.reset();
      this.events.state('open', '');
      return;
    }
    this.drop();
    this.events.state('refused', status);
    this.retry();
  }

  private probe(): void {
    if (this.socket?.readyState !== OPEN) return;
    this.socket.send(JSON.stringify({ action: 'get', cache: PROBE }));
    this.watch(ANSWER_MS, () => this.lose('no answer'));
  }

  private lose(reason: string): void {
    this.drop();
    this.events.state('lost', reason);
    this.retry();
  }

  private retry(): void {
    if (!this.closed) this.watch(this.backoff.nextMs(), () => void this.open());
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
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
