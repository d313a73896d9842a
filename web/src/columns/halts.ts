import type { HaltEntry } from '@/generated/feeds';
import * as numbers from '@/format/numbers';
import { countdown } from '@/format/time';
import type { Column } from './column';
import { clockTime, count, price, text } from './makers';

/** A symbol's newest halt, and the last price that is known of it. */
export interface HaltRow extends HaltEntry {
  last: number | null;
}

/**
 * Returns the distance to the nearer band in percent of the price: 0 at a band or beyond it.
 *
 * Null where the price or both bands are unknown.
 */
export function bandDistance(last: number | null, lower: number | null, upper: number | null): number | null {
  if (last === null || last === 0) return null;
  const rooms = [upper === null ? null : upper - last, lower === null ? null : last - lower];
  const known = rooms.filter((room) => room !== null);
  return known.length === 0 ? null : (Math.max(0, Math.min(...known)) / last) * 100;
}

/** Returns a distance to a band in words. */
export function bandWords(distance: number | null): string {
  if (distance === null) return numbers.NOTHING;
  return distance === 0 ? 'at band' : `${numbers.fixed(distance, 1)}%`;
}

function distanceOf({ last, lower_band: lower, upper_band: upper }: HaltRow): number | null {
  return bandDistance(last, lower, upper);
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
    value: distanceOf,
    format: (row) => bandWords(distanceOf(row)),
  },
  count('count', 'Today', 'Halts of the symbol today', (row) => row.halts_today),
  text('note', 'Note', 'The same in words', (row) => row.note, { width: 190 }),
];
