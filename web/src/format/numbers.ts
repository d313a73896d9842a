/** Numbers as traders read them. Nothing is "–"; the minus is U+2212; the unit is chosen after rounding. */

export const NOTHING = '–';
const MINUS = '−';

let locale: string | undefined;
const formats = new Map<string, Intl.NumberFormat>();

/** Sets whose decimal and thousands signs are used; undefined for the browser's own. */
export function setLocale(name: string | undefined): void {
  locale = name;
  formats.clear();
}

function format(decimals: number): Intl.NumberFormat {
  const key = String(decimals);
  let known = formats.get(key);
  if (known === undefined) {
    known = new Intl.NumberFormat(locale, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
    formats.set(key, known);
  }
  return known;
}

/** Returns a number with so many decimals; what rounds to zero has no sign. */
export function fixed(value: number, decimals: number, options: { sign?: boolean } = {}): string {
  const size = format(decimals).format(Math.abs(value));
  const isZero = Math.abs(value) < 0.5 / 10 ** decimals;
  if (isZero || value === 0) return size;
  if (value < 0) return MINUS + size;
  return options.sign === true ? `+${size}` : size;
}

function isNumber(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

/** Returns how many decimals a price is shown with: cents, and hundredths of a cent under a dollar. */
export function priceDecimals(price: number): number {
  return Math.abs(price) >= 1 ? 2 : 4;
}

/** Returns a price in dollars: 12.34, 0.1234. */
export function price(value: number | null | undefined): string {
  return isNumber(value) ? fixed(value, priceDecimals(value)) : NOTHING;
}

/** Returns a difference of prices with its sign, with the decimals that its price has. */
export function priceChange(value: number | null | undefined, at: number | null | undefined): string {
  return isNumber(value) ? fixed(value, priceDecimals(at ?? value), { sign: true }) : NOTHING;
}

/** Returns a price in full, for a tooltip. */
export function fullPrice(value: number | null | undefined): string {
  if (!isNumber(value)) return 'unknown';
  return new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 10 }).format(value);
}

/** Returns a percentage with its sign: +12.34%, and from 1,000% without decimals. */
export function percent(value: number | null | undefined, decimals = 2): string {
  if (!isNumber(value)) return NOTHING;
  const shown = Math.abs(value) >= 999.995 ? 0 : decimals;
  return `${fixed(value, shown, { sign: true })}%`;
}

const UNITS: [number, string][] = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'K'],
];

/** Returns a count with three digits: 945, 12.3K, 1.05M, 2.10B. */
export function shares(value: number | null | undefined): string {
  if (!isNumber(value)) return NOTHING;
  const size = Math.abs(value);
  if (size < 999.5) return fixed(value, 0);
  for (const [unit, name] of UNITS) {
    if (size >= unit * 0.9995) return digits(value / unit) + name;
  }
  return fixed(value, 0);
}

/** Returns a count in full: 1,052,300. */
export function count(value: number | null | undefined): string {
  return isNumber(value) ? fixed(value, 0) : NOTHING;
}

/** Returns a ratio with three digits: 0.35×, 12.3×, 150×. */
export function ratio(value: number | null | undefined): string {
  return isNumber(value) ? `${digits(value)}×` : NOTHING;
}

function digits(value: number): string {
  const size = Math.abs(value);
  if (size < 9.995) return fixed(value, 2);
  return fixed(value, size < 99.95 ? 1 : 0);
}

/** Which way a number points as it is shown: what rounds to zero points nowhere. */
export type Direction = 'up' | 'down' | 'flat';

/** Returns the direction of a number shown with so many decimals; null where it is unknown. */
export function direction(value: number | null | undefined, decimals = 2): Direction | null {
  if (!isNumber(value)) return null;
  if (Math.abs(value) < 0.5 / 10 ** decimals) return 'flat';
  return value > 0 ? 'up' : 'down';
}
