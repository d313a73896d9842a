import type { AlertLine } from '@/alerts/folding';
import * as numbers from '@/format/numbers';
import { clock, NEW_YORK } from '@/format/time';
import { BOARD_COLUMNS } from './board';
import type { Column } from './column';

const SESSION_WORDS: Record<string, string> = { pre_market: 'pre', regular: 'regular', after_hours: 'after' };

/** Returns a board's column for an alert's row: what was true when the alert was raised. */
function atAlert(id: string): Column<AlertLine> {
  const column = BOARD_COLUMNS.find((each) => each.id === id)!;
  const row = (line: AlertLine) => ({ ...line.alert, rank: 0 });
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
export const ALERT_COLUMNS: Column<AlertLine>[] = [
  {
    id: 'time',
    label: 'Time ET',
    tooltip: 'When it broke first, New York time',
    kind: 'text',
    width: 66,
    value: (line) => line.since,
    format: (line) => clock(line.since * 1000, NEW_YORK),
    detail: (line) => `last at ${clock(line.alert.timestamp * 1000, NEW_YORK)}`,
  },
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
  {
    id: 'price',
    label: 'Price',
    tooltip: 'The new high or low',
    kind: 'number',
    width: 64,
    value: (line) => line.alert.price,
    format: (line) => numbers.price(line.alert.price),
    detail: (line) => `$${numbers.fullPrice(line.alert.price)}`,
  },
  {
    id: 'broke',
    label: 'Broke',
    tooltip: 'The high or low before it',
    kind: 'number',
    width: 64,
    value: (line) => line.alert.previous,
    format: (line) => numbers.price(line.alert.previous),
  },
  {
    id: 'count',
    label: '×n',
    tooltip: 'Breaks on this line: those of one symbol and direction close together',
    kind: 'number',
    width: 38,
    value: (line) => line.count,
    format: (line) => (line.count > 1 ? `×${line.count}` : ''),
  },
  {
    id: 'hits',
    label: 'Hits',
    tooltip: 'Breaks of this symbol and direction today',
    kind: 'number',
    width: 42,
    value: (line) => line.alert.hits,
    format: (line) => numbers.count(line.alert.hits),
  },
  {
    id: 'note',
    label: 'Note',
    tooltip: 'What else was broken',
    kind: 'text',
    width: 190,
    value: (line) => line.alert.note,
    format: (line) => line.alert.note,
    detail: (line) => line.alert.note,
  },
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
