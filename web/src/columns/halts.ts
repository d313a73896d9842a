import type { HaltEntry } from '@/generated/feeds';
import * as numbers from '@/format/numbers';
import { countdown } from '@/format/time';
import type { Column } from './column';
import { clockTime, count, price, text } from './makers';

/** A symbol's newest halt, and the last price that is known of it. */
export interface HaltRow extends HaltEntry {
  last: number | null;
}

/** Returns the distance to the nearer band in percent of the price; null where a price or the bands are unknown. */
export function bandDistance(row: HaltRow): number | null {
  const { last, upper_band: upper, lower_band: lower } = row;
  if (last === null || last === 0) return null;
  const distances = [upper, lower]
    .filter((band) => band !== null)
    .map((band) => (Math.abs(band - last) / last) * 100);
  return distances.length === 0 ? null : Math.min(...distances);
}

/** Every column of a halt. */
export const HALT_COLUMNS: Column<HaltRow>[] = [
  text('status', 'Status', 'Halted, or resumed', (row) => row.status, {
    width: 68,
    shade: (row) => (row.status === 'halted' ? 'halted-cell' : 'faint'),
    detail: (row) => row.note,
  }),
  clockTime('halted_at', 'Halted ET', 'When trading stopped, New York time', (row) => row.halted_at),
  {
    id: 'reopening',
    label: 'Reopens',
    tooltip: 'Earliest reopening: five minutes after the start; a pause can be prolonged',
    kind: 'text',
    width: 74,
    value: (row) => row.earliest_reopening,
    format: (row, { marketMs }) => {
      if (row.status !== 'halted' || row.earliest_reopening === null) return numbers.NOTHING;
      const left = row.earliest_reopening - marketMs;
      return left > 0 ? `in ${countdown(left)}` : 'overdue';
    },
    shade: (row, { marketMs }) =>
      row.status === 'halted' && (row.earliest_reopening ?? Infinity) <= marketMs ? 'strong' : '',
  },
  clockTime('resumed_at', 'Resumed', 'When trading went on, New York time', (row) => row.resumed_at),
  price('last', 'Price', 'The last price, live', (row) => row.last, { width: 64 }),
  price('lower', 'Band −', 'Lower price band, 09:30 to 16:00 only', (row) => row.lower_band, { width: 64 }),
  price('upper', 'Band +', 'Upper price band, 09:30 to 16:00 only', (row) => row.upper_band, { width: 64 }),
  {
    id: 'distance',
    label: 'To band',
    tooltip: 'Distance to the nearer band in percent of the price',
    kind: 'number',
    width: 60,
    value: bandDistance,
    format: (row) => {
      const distance = bandDistance(row);
      return distance === null ? numbers.NOTHING : `${numbers.fixed(distance, 1)}%`;
    },
  },
  count('count', 'Today', 'Halts of the symbol today', (row) => row.halts_today),
  text('note', 'Note', 'The same in words', (row) => row.note, { width: 190 }),
];
