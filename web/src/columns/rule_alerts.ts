import type { AlertLine } from '@/alerts/log';
import * as numbers from '@/format/numbers';
import { clock, NEW_YORK } from '@/format/time';
import type { Column } from './column';
import { clockTime, lastPrice, price, text } from './makers';

/** What a rule said, and the last price that is known of its symbol. */
export interface RuleAlertRow extends AlertLine {
  last: number | null;
}

const ARROWS = { up: '▲', down: '▼' };

/** Every column of what rules said. */
export const RULE_ALERT_COLUMNS: Column<RuleAlertRow>[] = [
  clockTime('time', 'Time ET', 'When it was so first, New York time', (line) => line.since, {
    width: 66,
    detail: (line) => `last at ${clock(line.ms, NEW_YORK)}`,
  }),
  text('rule', 'Rule', 'Which rule said it', (line) => line.name, {
    width: 120,
    detail: (line) => line.name,
  }),
  text('direction', '▲▼', 'Which way it went', (line) => line.direction, {
    width: 30,
    format: (line) => (line.direction === null ? '' : ARROWS[line.direction]),
    tone: (line) => line.direction,
  }),
  price('price', 'Price', 'The price when it was so', (line) => line.price, { width: 64 }),
  lastPrice((line) => line.last),
  {
    id: 'count',
    label: '×n',
    tooltip: 'How often, within the time that the rule gives one line and one sound',
    kind: 'number',
    width: 38,
    value: (line) => line.count,
    format: (line) => (line.count > 1 ? `×${numbers.count(line.count)}` : ''),
  },
  text('words', 'What', 'What happened', (line) => line.words, { width: 240, detail: (line) => line.words }),
];
