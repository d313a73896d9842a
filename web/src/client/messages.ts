/** The messages between the page and the WDS: enveloped subscriptions, so that one connection carries all feeds. */

/** What a subscription asks for. */
export interface SubscribeOptions {
  snapshot: true;
  /** First rows of a board, newest entries of a list's snapshot. */
  limit?: number;
  /** Changed rows only; boards alone have them. */
  delta?: true;
  fields?: readonly string[];
  interval_ms?: number;
}

/** A frame of a subscription. */
export type Frame =
  | { feed: string; type: 'snapshot' | 'value' | 'item'; seq: number; data: unknown }
  | { feed: string; type: 'items'; seq: number; data: unknown[] }
  | { feed: string; type: 'delta'; seq: number; data: Delta }
  | { feed: string; type: 'lag'; data: { dropped: number; reason: string } }
  | { feed: string; type: 'stale' | 'resync'; data: { reason: string } }
  | { feed: string; type: 'snapshots'; data: { sent: number; more: boolean } };

/** How a board became another one. */
export interface Delta {
  removed?: string[];
  changed?: ({ symbol: string } & Record<string, unknown>)[];
  order?: string[];
}

type Row = { symbol: string };

/** Returns a board after a change; rows that did not change stay the same objects. */
export function applied(board: readonly Row[], delta: Delta): Row[] {
  const rows = new Map(board.map((row) => [row.symbol, row]));
  for (const symbol of delta.removed ?? []) rows.delete(symbol);
  for (const row of delta.changed ?? []) rows.set(row.symbol, { ...rows.get(row.symbol), ...row });
  if (delta.order === undefined) return [...rows.values()];
  return delta.order.flatMap((symbol) => rows.get(symbol) ?? []);
}
