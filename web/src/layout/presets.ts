import type { LinkColour } from '@/layout/links';
import type { Shape } from '@/kept/browser';
import { migrated, SCHEMA, type Layout, type Saved, type WidgetPlace } from './schema';

type Place = [type: string, x: number, y: number, w: number, h: number, options?: Record<string, unknown>];

function layout(name: string, link: LinkColour, places: Place[]): Layout {
  const widgets: WidgetPlace[] = places.map(([type, x, y, w, h, options], index) => ({
    id: `${type}-${index + 1}`,
    type,
    x,
    y,
    w,
    h,
    link,
    options: options ?? {},
  }));
  return { name, isLocked: true, widgets };
}

/** Returns the layouts that a new user finds. */
export function presets(): Saved {
  return {
    schema: SCHEMA,
    active: 'Scanner',
    layouts: [
      layout('Scanner', 'blue', [
        ['top_gainers', 0, 0, 8, 13],
        ['top_gappers', 8, 0, 8, 13],
        ['top_volume', 0, 13, 8, 11],
        ['range_alerts', 8, 13, 8, 11],
        ['quote_card', 16, 0, 4, 8],
        ['quote', 20, 0, 4, 8],
        ['chart', 16, 8, 8, 9],
        ['news', 16, 17, 8, 7],
      ]),
      layout('Symbol', 'blue', [
        ['chart', 0, 0, 14, 15],
        ['quote', 14, 0, 5, 9],
        ['quote_card', 19, 0, 5, 9],
        ['company', 14, 9, 5, 15],
        ['company_news', 19, 9, 5, 15],
        ['top_gainers', 0, 15, 7, 9],
        ['top_trades', 7, 15, 7, 9],
      ]),
      layout('Watch list', 'green', [
        ['watch_list', 0, 0, 9, 14],
        ['rule_alerts', 0, 14, 9, 10],
        ['chart', 9, 0, 10, 14],
        ['quote', 19, 0, 5, 8],
        ['quote_card', 19, 8, 5, 6],
        ['company_news', 9, 14, 15, 10],
      ]),
      layout('Alerts', 'amber', [
        ['range_alerts', 0, 0, 12, 16],
        ['halts', 12, 0, 12, 8],
        ['top_trades', 12, 8, 6, 16],
        ['quote_card', 18, 8, 6, 8],
        ['company_news', 18, 16, 6, 8],
        ['news', 0, 16, 12, 8],
      ]),
    ],
  };
}

export const LAYOUTS: Shape<Saved> = { key: 'streams.layouts', words: 'layouts', initial: presets, migrated };
