import { NUMBERS, TEXTS } from '@/generated/measures';

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
