import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Socket } from '@/client/connection';
import type { FeedStore } from '@/client/feed_store';
import { MarketClient } from '@/client/market';
import type { Bar, Row } from '@/generated/feeds';

/**
 * The client against a real WDS, which tests/web/test_web_client.py starts, feeds, ends and starts again.
 *
 * It counts up in the price of the first row of a board, and in the time of a bar.
 */
const { WDS_URL, WDS_KEY } = process.env;
const DEADLINE_MS = 60_000;
/** Printed when the service may be ended. */
const ENOUGH = 'seen enough';

function client(key: string): MarketClient {
  return new MarketClient(
    () => Promise.resolve({ url: WDS_URL!, credentials: { api_key: key } }),
    (url) => new WebSocket(url, { perMessageDeflate: true }) as unknown as Socket,
    (paint) => setTimeout(paint, 5),
  );
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const counted = (store: FeedStore) => (store.value as Row[] | null)?.[0]?.close ?? 0;

test.skipIf(!WDS_URL)(
  'boards and lists go on through the end of the service',
  { timeout: 2 * DEADLINE_MS },
  async () => {
    const market = client(WDS_KEY!);
    try {
      const board = market.hold('scanners:top_gainers');
      const bars = market.hold('bars:1m:AAPL');
      const absent = market.hold('quote:NOBODY');
      await until(() => board.isTold && bars.isTold && absent.isTold, 'snapshots');
      expect(absent.value).toBeNull();
      expect((board.value as Row[]).map(({ symbol }) => symbol)).toEqual(['AAA', 'BBB', 'CCC']);

      const [first, untouched] = [counted(board), (board.value as Row[])[2]];
      await until(() => counted(board) >= first + 2, 'updates of the board');
      // Only what changed was sent: the other rows are the same objects.
      expect((board.value as Row[])[2]).toBe(untouched);

      console.log(ENOUGH);
      await until(() => board.link === 'lost', 'the end of the service');
      const before = counted(board);
      await until(() => board.link === 'open' && counted(board) > before, 'its return');
      expect(board.gapMs).toBeGreaterThan(0);
      const times = (bars.value as Bar[]).map(({ t }) => t);
      expect(times).toEqual([...new Set(times)].sort((one, other) => other - one));
      expect(times.length).toBe(times[0]! / 60_000 + 1);

      expect((await market.names('scanners:*')).sort()).toEqual(['scanners:mine', 'scanners:top_gainers']);
    } finally {
      market.close();
    }
  },
);

test.skipIf(!WDS_URL)('a wrong key is told of, and no feed looks connected', async () => {
  const market = client('wrong');
  try {
    const store = market.hold('scanners:top_gainers');
    await until(() => store.link === 'refused', 'a refusal');
    expect(store.reason).toBe('invalid key');
  } finally {
    market.close();
  }
});
