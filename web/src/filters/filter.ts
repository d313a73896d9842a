import * as numbers from '@/format/numbers';
import { gap, type SymbolRow } from '@/columns/board';

/** A number of a row that can be filtered by. */
export interface FilterField {
  id: string;
  label: string;
  /** What the user's bounds count in. */
  unit: string;
  value(row: SymbolRow): number | null;
  format(value: number): string;
}

export const FILTER_FIELDS: readonly FilterField[] = [
  {
    id: 'price',
    label: 'Price',
    unit: '$',
    value: (row) => row.close,
    format: (value) => `$${numbers.price(value)}`,
  },
  {
    id: 'volume',
    label: 'Vol',
    unit: 'shares',
    value: (row) => row.accumulated_volume,
    format: numbers.shares,
  },
  { id: 'change', label: 'Chg %', unit: '%', value: (row) => row.pct_change, format: numbers.percent },
  { id: 'gap', label: 'Gap %', unit: '%', value: gap, format: numbers.percent },
  {
    id: 'open_change',
    label: 'Open %',
    unit: '%',
    value: (row) => row.pct_change_since_open,
    format: numbers.percent,
  },
  {
    id: 'volume_ratio',
    label: 'Vol/Avg',
    unit: '×',
    value: (row) => row.relative_volume,
    format: numbers.ratio,
  },
  {
    id: 'relative_volume',
    label: 'RVol',
    unit: '×',
    value: (row) => row.relative_volume_tod,
    format: numbers.ratio,
  },
  { id: 'float', label: 'Float', unit: 'shares', value: (row) => row.free_float, format: numbers.shares },
];

export interface Bounds {
  min?: number;
  max?: number;
}

/** What rows a widget shows: all conditions must hold. */
export interface Filters {
  bounds: Record<string, Bounds>;
  /** Only common stock: no warrants, rights, units and funds. */
  isCommonOnly: boolean;
  /** Only symbols with news of the last 24 hours. */
  hasNews: boolean;
  /** Only symbols that traded within the last minute. */
  isActive: boolean;
  /** Whether a row stays of which a filtered number is unknown. */
  keepsUnknown: boolean;
}

export const NO_FILTERS: Filters = {
  bounds: {},
  isCommonOnly: false,
  hasNews: false,
  isActive: false,
  keepsUnknown: true,
};

/** Filters to begin with, by their names. */
export const FILTER_PRESETS: Record<string, Filters> = {
  Everything: NO_FILTERS,
  'Common stock from $1': { ...NO_FILTERS, isCommonOnly: true, bounds: { price: { min: 1 } } },
  'Momentum $2–$20': {
    ...NO_FILTERS,
    isCommonOnly: true,
    bounds: { price: { min: 2, max: 20 }, volume: { min: 100_000 }, change: { min: 10 } },
  },
  'Momentum, five average volumes': {
    ...NO_FILTERS,
    isCommonOnly: true,
    bounds: {
      price: { min: 2, max: 20 },
      volume: { min: 100_000 },
      change: { min: 10 },
      volume_ratio: { min: 5 },
    },
  },
  'Low float': {
    ...NO_FILTERS,
    isCommonOnly: true,
    bounds: { price: { min: 1, max: 20 }, volume: { min: 50_000 }, float: { max: 20_000_000 } },
  },
  'Large and liquid': {
    ...NO_FILTERS,
    isCommonOnly: true,
    bounds: { price: { min: 20 }, volume: { min: 1_000_000 } },
  },
};

const DAY_MS = 86_400_000;
const ACTIVE_MS = 60_000;
const COMMON: ReadonlySet<string> = new Set(['CS', 'ADRC', 'OS']);

/** What filters need to know beside a row. */
export interface FilterContext {
  marketMs: number;
  news: ReadonlyMap<string, number>;
}

/** Returns the rows that all conditions let pass. */
export function filtered<R extends SymbolRow>(
  rows: readonly R[],
  filters: Filters,
  context: FilterContext,
): readonly R[] {
  const bounds = FILTER_FIELDS.flatMap((field) => {
    const { min, max } = filters.bounds[field.id] ?? {};
    return min === undefined && max === undefined
      ? []
      : [{ field, min: min ?? -Infinity, max: max ?? Infinity }];
  });
  const isFree = bounds.length === 0 && !filters.isCommonOnly && !filters.hasNews && !filters.isActive;
  if (isFree) return rows;
  return rows.filter((row) => {
    for (const { field, min, max } of bounds) {
      const value = field.value(row);
      // A plain comparison would let null pass a maximum and fail a minimum.
      if (value === null ? !filters.keepsUnknown : value < min || value > max) return false;
    }
    if (filters.isCommonOnly) {
      const type = row.security_type;
      if (type === null ? !filters.keepsUnknown : !COMMON.has(type)) return false;
    }
    if (filters.isActive && context.marketMs - (row.end_timestamp ?? -Infinity) > ACTIVE_MS) return false;
    return !filters.hasNews || context.marketMs - (context.news.get(row.symbol) ?? -Infinity) < DAY_MS;
  });
}

/** A condition in words, and the filters without it. */
export interface Chip {
  id: string;
  words: string;
  without: Filters;
}

/** Returns each active condition in words. */
export function chips(filters: Filters): Chip[] {
  const found: Chip[] = FILTER_FIELDS.flatMap((field) => {
    const bounds = filters.bounds[field.id];
    if (bounds === undefined || (bounds.min === undefined && bounds.max === undefined)) return [];
    const { [field.id]: _gone, ...others } = filters.bounds;
    return [
      {
        id: field.id,
        words: `${field.label} ${inWords(field, bounds)}`,
        without: { ...filters, bounds: others },
      },
    ];
  });
  if (filters.isCommonOnly)
    found.push({ id: 'common', words: 'common stock', without: { ...filters, isCommonOnly: false } });
  if (filters.hasNews)
    found.push({ id: 'news', words: 'with news', without: { ...filters, hasNews: false } });
  if (filters.isActive)
    found.push({ id: 'active', words: 'traded within 1 min', without: { ...filters, isActive: false } });
  return found;
}

function inWords(field: FilterField, { min, max }: Bounds): string {
  if (min !== undefined && max !== undefined) return `${field.format(min)}–${field.format(max)}`;
  return min === undefined ? `≤ ${field.format(max!)}` : `≥ ${field.format(min)}`;
}

/** Returns the number that a user typed: 1.5, 100K, 20M, 1,000; undefined for nothing or no number. */
export function typedNumber(text: string): number | undefined {
  const found = /^\s*(-?[\d.,]+)\s*([kmb]?)\s*$/i.exec(text.replace('−', '-'));
  if (found === null) return undefined;
  const value = Number(found[1]!.replaceAll(',', ''));
  const unit = { k: 1e3, m: 1e6, b: 1e9 }[found[2]!.toLowerCase()] ?? 1;
  return Number.isFinite(value) ? value * unit : undefined;
}
