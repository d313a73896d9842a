import * as numbers from '@/format/numbers';
import { direction } from '@/format/numbers';
import { age, clock, NEW_YORK } from '@/format/time';
import type { Column } from './column';

/** What a column may have beside what its kind gives it. */
type More<R> = Partial<Omit<Column<R>, 'id' | 'label' | 'tooltip' | 'kind' | 'value'>>;
type Numeric<R> = (row: R) => number | null;

/** A maker of one kind of column. */
type Maker<V> = <R>(
  id: string,
  label: string,
  tooltip: string,
  get: (row: R) => V,
  more?: More<R>,
) => Column<R>;

function number<R>(
  id: string,
  label: string,
  tooltip: string,
  get: Numeric<R>,
  shown: More<R> & Pick<Column<R>, 'format' | 'width'>,
): Column<R> {
  return { id, label, tooltip, kind: 'number', value: get, ...shown };
}

/** A percentage with its sign, coloured by it. */
export const percent: Maker<number | null> = (id, label, tooltip, get, more) =>
  number(id, label, tooltip, get, {
    width: 72,
    format: (row) => numbers.percent(get(row)),
    tone: (row) => direction(get(row)),
    ...more,
  });

/** A price in dollars; the tooltip has it in full. */
export const price: Maker<number | null> = (id, label, tooltip, get, more) =>
  number(id, label, tooltip, get, {
    width: 68,
    format: (row) => numbers.price(get(row)),
    detail: (row) => `$${numbers.fullPrice(get(row))}`,
    ...more,
  });

/** The last price, live, beside what was true before. */
export const lastPrice = <R>(get: (row: R) => number | null) =>
  price<R>('last', 'Live', 'The last price, live', get, { width: 64, shade: () => 'faint' });

/** A number of shares in three digits; the tooltip has it in full. */
export const shares: Maker<number | null> = (id, label, tooltip, get, more) =>
  number(id, label, tooltip, get, {
    width: 62,
    format: (row) => numbers.shares(get(row)),
    detail: (row) => `${numbers.count(get(row))} shares`,
    ...more,
  });

/** Something in three digits that is no number of shares. */
export const amount: Maker<number | null> = (id, label, tooltip, get, more) =>
  number(id, label, tooltip, get, { width: 62, format: (row) => numbers.shares(get(row)), ...more });

/** A count in full. */
export const count: Maker<number | null> = (id, label, tooltip, get, more) =>
  number(id, label, tooltip, get, { width: 50, format: (row) => numbers.count(get(row)), ...more });

const STRONG_TIMES = 5;

/** A ratio, strong from five times on. */
export const times: Maker<number | null> = (id, label, tooltip, get, more) =>
  number(id, label, tooltip, get, {
    width: 62,
    format: (row) => numbers.ratio(get(row)),
    shade: (row) => ((get(row) ?? 0) >= STRONG_TIMES ? 'strong' : ''),
    ...more,
  });

/** How long ago something was, of its time (ms); the newest is the greatest. */
export const since: Maker<number | null> = (id, label, tooltip, get, more) => {
  const value: typeof get = (row) => {
    const ms = get(row);
    return ms === null ? null : -ms;
  };
  return number(id, label, tooltip, value, {
    width: 52,
    format: (row, { marketMs }) => {
      const ms = get(row);
      return ms === null ? numbers.NOTHING : age(Math.max(0, marketMs - ms));
    },
    ...more,
  });
};

/** A time of day in New York, of ms since 1970. */
export function clockTime<R>(
  id: string,
  label: string,
  tooltip: string,
  get: Numeric<R>,
  more?: More<R>,
): Column<R> {
  const format = (row: R) => {
    const ms = get(row);
    return ms === null ? numbers.NOTHING : clock(ms, NEW_YORK);
  };
  return { id, label, tooltip, kind: 'text', width: 68, value: get, format, ...more };
}

/** A word or a sentence. */
export const text: Maker<string | null> = (id, label, tooltip, get, more) => ({
  id,
  label,
  tooltip,
  kind: 'text',
  width: 56,
  value: get,
  format: (row) => get(row) ?? numbers.NOTHING,
  ...more,
});
