import { NUMBERS, TEXTS } from '@/generated/measures';
import { GROUPS, type Definition } from './definition';

/** A field as the form names it; of the others the name of the row's field says what it is. */
const LABELS: Record<string, string> = {
  price: 'Price',
  volume: 'Vol',
  pct_change: 'Chg %',
  pct_gap: 'Gap %',
  pct_change_since_open: 'Open %',
  change: 'Chg $',
  change_since_open: 'Open $',
  relative_volume: 'Vol/Avg',
  relative_volume_tod: 'RVol',
  float: 'Float',
  float_rotation: 'Rot',
  avg_volume: 'Avg vol',
  dollar_volume: 'Dollar vol',
  aggregate_vwap: 'VWAP',
  average_size: 'Avg size',
  official_open_price: 'Day open',
  prev_day_close: 'PD close',
  prev_day_open: 'PD open',
  prev_day_high: 'PD high',
  prev_day_low: 'PD low',
  prev_day_volume: 'PD vol',
  prev_day_vwap: 'PD VWAP',
  security_type: 'Type',
  exchange: 'Exchange',
  symbol: 'Symbol',
};
/** Fields that are another name for one above, or nothing to filter by. */
const HIDDEN: ReadonlySet<string> = new Set([
  'accumulated_volume',
  'close',
  'free_float',
  'start_timestamp',
  'end_timestamp',
]);

/** The columns of a board that show a field. */
const COLUMNS: Record<string, string> = {
  pct_change: 'change',
  pct_gap: 'gap',
  pct_change_since_open: 'open_change',
  change: 'dollar_change',
  relative_volume_tod: 'relative_volume',
  float_rotation: 'rotation',
  avg_volume: 'average_volume',
  aggregate_vwap: 'vwap',
  official_open_price: 'official_open',
  open: 'session_open',
  prev_day_close: 'previous_close',
  prev_day_high: 'previous_high',
  prev_day_low: 'previous_low',
  prev_day_volume: 'previous_volume',
  prev_day_vwap: 'previous_vwap',
  average_size: 'average_size',
  security_type: 'security_type',
  exchange: 'exchange',
};
const USUAL = ['rank', 'price', 'change', 'volume', 'volume_ratio', 'float'];

/** Returns the columns that a screener's board begins with: the usual ones, and what it sorts and filters by. */
export function columnsFor(definition: Definition): string[] {
  const filters = [definition, ...GROUPS.map((group) => definition[group] ?? {})].flatMap(Object.keys);
  const asked = [definition.sort as string, ...filters];
  return [...new Set([...USUAL, ...asked.flatMap((field) => COLUMNS[field] ?? [])])];
}

/** A field to choose from. */
export interface Field {
  name: string;
  label: string;
  meaning: string;
}

/** Returns how a field is called in the form. */
export function labelOf(name: string): string {
  return LABELS[name] ?? name.replaceAll('_', ' ');
}

function fields(names: readonly string[]): Field[] {
  const place = (name: string) => (name in LABELS ? Object.keys(LABELS).indexOf(name) : Infinity);
  return [...names]
    .sort((one, other) => (place(one) === place(other) ? 0 : place(one) - place(other)))
    .map((name) => ({
      name,
      label: labelOf(name),
      meaning: (NUMBERS as Record<string, string>)[name] ?? '',
    }));
}

/** Every number that the server filters and orders by, the usual ones first; and those that the form offers. */
export const NUMBER_FIELDS: readonly Field[] = fields(Object.keys(NUMBERS));
export const TEXT_FIELDS: readonly Field[] = fields(TEXTS);

/** Returns the fields to choose from; one that is chosen already is among them. */
export function offered(all: readonly Field[], chosen: string): Field[] {
  return all.filter(({ name }) => !HIDDEN.has(name) || name === chosen);
}
