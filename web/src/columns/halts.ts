import type { HaltEntry } from '@/generated/feeds';
import * as numbers from '@/format/numbers';
import { clock, countdown, NEW_YORK } from '@/format/time';
import type { Column } from './column';

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

function time(ms: number | null): string {
  return ms === null ? numbers.NOTHING : clock(ms, NEW_YORK);
}

/** Every column of a halt. */
export const HALT_COLUMNS: Column<HaltRow>[] = [
  {
    id: 'status',
    label: 'Status',
    tooltip: 'Halted, or resumed',
    kind: 'text',
    width: 68,
    value: (row) => row.status,
    format: (row) => row.status,
    shade: (row) => (row.status === 'halted' ? 'halted-cell' : 'faint'),
    detail: (row) => row.note,
  },
  {
    id: 'halted_at',
    label: 'Halted ET',
    tooltip: 'When trading stopped, New York time',
    kind: 'text',
    width: 68,
    value: (row) => row.halted_at,
    format: (row) => time(row.halted_at),
  },
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
  {
    id: 'resumed_at',
    label: 'Resumed',
    tooltip: 'When trading went on, New York time',
    kind: 'text',
    width: 68,
    value: (row) => row.resumed_at,
    format: (row) => time(row.resumed_at),
  },
  {
    id: 'last',
    label: 'Price',
    tooltip: 'The last price, live',
    kind: 'number',
    width: 64,
    value: (row) => row.last,
    format: (row) => numbers.price(row.last),
  },
  {
    id: 'lower',
    label: 'Band −',
    tooltip: 'Lower price band, 09:30 to 16:00 only',
    kind: 'number',
    width: 64,
    value: (row) => row.lower_band,
    format: (row) => numbers.price(row.lower_band),
  },
  {
    id: 'upper',
    label: 'Band +',
    tooltip: 'Upper price band, 09:30 to 16:00 only',
    kind: 'number',
    width: 64,
    value: (row) => row.upper_band,
    format: (row) => numbers.price(row.upper_band),
  },
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
  {
    id: 'count',
    label: 'Today',
    tooltip: 'Halts of the symbol today',
    kind: 'number',
    width: 50,
    value: (row) => row.halts_today,
    format: (row) => numbers.count(row.halts_today),
  },
  {
    id: 'note',
    label: 'Note',
    tooltip: 'The same in words',
    kind: 'text',
    width: 190,
    value: (row) => row.note,
    format: (row) => row.note,
  },
];
