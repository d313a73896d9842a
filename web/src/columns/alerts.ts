import type { AlertLine } from '@/alerts/folding';
import { clock, NEW_YORK } from '@/format/time';
import { BOARD_COLUMNS } from './board';
import type { Column } from './column';
import { clockTime, count, lastPrice, price, text } from './makers';

/** A line of alerts, and the last price that is known of its symbol. */
export interface RangeAlertRow extends AlertLine {
  last: number | null;
}

const SESSION_WORDS: Record<string, string> = { pre_market: 'pre', regular: 'regular', after_hours: 'after' };

/** Returns a board's column for an alert's row: what was true when the alert was raised. */
function atAlert(id: string): Column<RangeAlertRow> {
  const column = BOARD_COLUMNS.find((each) => each.id === id)!;
  const row = (line: RangeAlertRow) => ({ ...line.alert, rank: 0 });
  return {
    ...column,
    tooltip: `${column.tooltip}, when the alert was raised`,
    flashes: false,
    value: (line, context) => column.value(row(line), context),
    format: (line, context) => column.format(row(line), context),
    tone: (line) => column.tone?.(row(line)) ?? null,
    shade: (line, context) => column.shade?.(row(line), context) ?? '',
    detail: (line) => column.detail?.(row(line)) ?? '',
  };
}

/** Every column of a line of alerts. */
export const ALERT_COLUMNS: Column<RangeAlertRow>[] = [
  clockTime('time', 'Time ET', 'When it broke first, New York time', (line) => line.since * 1000, {
    width: 66,
    detail: (line) => `last at ${clock(line.alert.timestamp * 1000, NEW_YORK)}`,
  }),
  {
    id: 'direction',
    label: '▲▼',
    tooltip: 'New high or new low',
    kind: 'text',
    width: 30,
    value: (line) => line.alert.direction,
    format: (line) => (line.alert.direction === 'high' ? '▲' : '▼'),
    tone: (line) => (line.alert.direction === 'high' ? 'up' : 'down'),
    detail: (line) => `new ${line.alert.direction}`,
  },
  price('price', 'Price', 'The new high or low', (line) => line.alert.price, { width: 64 }),
  price('broke', 'Broke', 'The high or low before it', (line) => line.alert.previous, { width: 64 }),
  lastPrice((line) => line.last),
  {
    id: 'count',
    label: '×n',
    tooltip: 'Breaks on this line: those of one symbol and direction close together',
    kind: 'number',
    width: 38,
    value: (line) => line.count,
    format: (line) => (line.count > 1 ? `×${line.count}` : ''),
  },
  count('hits', 'Hits', 'Breaks of this symbol and direction today', (line) => line.alert.hits, {
    width: 42,
  }),
  text('note', 'Note', 'What else was broken', (line) => line.alert.note, {
    width: 190,
    detail: (line) => line.alert.note,
  }),
  {
    id: 'session',
    label: 'Session',
    tooltip: 'Whose high or low was broken',
    kind: 'text',
    width: 58,
    value: (line) => line.alert.session,
    format: (line) => SESSION_WORDS[line.alert.session] ?? line.alert.session,
  },
  atAlert('change'),
  atAlert('float'),
  atAlert('volume'),
  atAlert('volume_ratio'),
  atAlert('relative_volume'),
];
