import { unknownRow } from '@/columns/watch';
import type { Row } from '@/generated/feeds';

type Ranked = Row & { rank: number };

/** Returns a board's row of which only what matters is given. */
export function row(symbol: string, fields: Partial<Ranked> = {}): Ranked {
  const traded = { accumulated_volume: 1_000_000, open: 10, close: 10, start_timestamp: 0, end_timestamp: 0 };
  return { ...unknownRow(symbol), ...traded, rank: 1, security_type: 'CS', ...fields } as Ranked;
}
