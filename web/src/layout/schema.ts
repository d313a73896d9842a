import { DocumentError } from '@/kept/browser';
import { LINKS, type LinkColour } from '@/layout/links';

/** A widget on the grid: 24 columns wide, as many rows high as fit. */
export interface WidgetPlace {
  id: string;
  type: string;
  x: number;
  y: number;
  w: number;
  h: number;
  link: LinkColour | null;
  /** What the widget keeps for itself: any JSON. */
  options: Record<string, unknown>;
}

export interface Layout {
  name: string;
  /** Widgets of a locked layout are neither moved nor removed. */
  isLocked: boolean;
  widgets: WidgetPlace[];
}

/** What is stored and exported. */
export interface Saved {
  schema: typeof SCHEMA;
  active: string;
  layouts: Layout[];
}

export const SCHEMA = 2;
export const GRID_COLUMNS = 24;
const MOST_LAYOUTS = 50;
const MOST_WIDGETS = 100;
const MOST_NAME = 60;

type Json = Record<string, unknown>;

/** Earlier schemas, each with the step to the next one. */
const STEPS: Record<number, (saved: Json) => Json> = {
  // Schema 1 had a grid of 12 columns and called the lock "locked".
  1: (saved) => ({
    ...saved,
    schema: 2,
    layouts: list(saved.layouts).map((layout) => ({
      name: layout.name,
      isLocked: layout.locked ?? true,
      widgets: list(layout.widgets).map((widget) => ({
        ...widget,
        x: Number(widget.x) * 2,
        w: Number(widget.w) * 2,
      })),
    })),
  }),
};

function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

/**
 * Returns stored or imported layouts in today's schema.
 *
 * What of a document cannot be used is left out; a document of which nothing can be used is refused.
 */
export function migrated(document: unknown): Saved {
  if (typeof document !== 'object' || document === null) throw new DocumentError('this is no layout file');
  let saved = document as Json;
  if (typeof saved.schema !== 'number') throw new DocumentError('this is no layout file: it names no schema');
  if (saved.schema > SCHEMA) throw new DocumentError('this file is of a newer version: reload the page');
  while (saved.schema !== SCHEMA) {
    const step = STEPS[saved.schema as number];
    if (step === undefined) throw new DocumentError(`schema ${String(saved.schema)} is not known`);
    saved = step(saved);
  }
  const layouts = list(saved.layouts).slice(0, MOST_LAYOUTS).flatMap(readLayout);
  if (layouts.length === 0) throw new DocumentError('it holds no layout');
  const names = new Set<string>();
  const unique = layouts.filter(({ name }) => !names.has(name) && names.add(name));
  const active = unique.some(({ name }) => name === saved.active) ? String(saved.active) : unique[0]!.name;
  return { schema: SCHEMA, active, layouts: unique };
}

function readLayout(layout: Json): Layout[] {
  const name = typeof layout.name === 'string' ? layout.name.trim().slice(0, MOST_NAME) : '';
  if (name === '') return [];
  const ids = new Set<string>();
  const widgets = list(layout.widgets)
    .slice(0, MOST_WIDGETS)
    .flatMap(readWidget)
    .filter(({ id }) => !ids.has(id) && ids.add(id));
  return [{ name, isLocked: layout.isLocked !== false, widgets }];
}

function readWidget(widget: Json): WidgetPlace[] {
  const { id, type, link, options } = widget;
  if (typeof id !== 'string' || typeof type !== 'string') return [];
  const whole = (value: unknown, least: number, most: number, otherwise: number) => {
    const number = typeof value === 'number' && Number.isFinite(value) ? Math.round(value) : otherwise;
    return Math.min(most, Math.max(least, number));
  };
  const w = whole(widget.w, 2, GRID_COLUMNS, 8);
  return [
    {
      id,
      type,
      w,
      x: whole(widget.x, 0, GRID_COLUMNS - w, 0),
      y: whole(widget.y, 0, 10_000, 0),
      h: whole(widget.h, 2, 200, 8),
      link: LINKS.includes(link as LinkColour) ? (link as LinkColour) : null,
      options: typeof options === 'object' && options !== null ? (options as Record<string, unknown>) : {},
    },
  ];
}
