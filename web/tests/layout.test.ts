import { expect, test } from 'vitest';
import { DocumentError, keep, readKept } from '@/kept/browser';
import { LAYOUTS, presets } from '@/layout/presets';
import { GRID_COLUMNS, migrated, SCHEMA } from '@/layout/schema';

const OLD = {
  schema: 1,
  active: 'Mine',
  layouts: [
    {
      name: 'Mine',
      locked: false,
      widgets: [{ id: 'news-1', type: 'news', x: 6, y: 0, w: 6, h: 8, link: 'red', options: { a: 1 } }],
    },
  ],
};

function storage(content: Record<string, string> = {}) {
  const kept = new Map(Object.entries(content));
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

test('layouts of an earlier schema are shown as they were', () => {
  const saved = migrated(OLD);
  expect(saved.schema).toBe(SCHEMA);
  const [layout] = saved.layouts;
  expect(layout!.isLocked).toBe(false);
  expect(layout!.widgets[0]).toEqual({
    id: 'news-1',
    type: 'news',
    x: 12,
    y: 0,
    w: 12,
    h: 8,
    link: 'red',
    options: { a: 1 },
  });
});

test('what was there before a migration is kept', () => {
  const before = JSON.stringify(OLD);
  const place = storage({ 'streams.layouts': before });
  expect(readKept(place, LAYOUTS).saved.active).toBe('Mine');
  expect(place.kept.get('streams.layouts.before')).toBe(before);
});

test('layouts come back as they were kept', () => {
  const place = storage();
  const saved = presets();
  saved.layouts[0]!.widgets[0]!.x = 3;
  keep(place, LAYOUTS, saved);
  expect(readKept(place, LAYOUTS)).toEqual({ saved, problem: '' });
});

test.each(['', '{"schema":', '[]', '{"schema":99,"layouts":[]}', '{"schema":2,"layouts":[]}'])(
  'what cannot be read (%j) is kept, told of, and the presets are shown',
  (text) => {
    const place = storage({ 'streams.layouts': text });
    const { saved, problem } = readKept(place, LAYOUTS);
    expect(saved).toEqual(presets());
    expect(problem).toContain('could not be read');
    expect(place.kept.get('streams.layouts.before')).toBe(text);
  },
);

test('a file of something else is refused with the reason', () => {
  expect(() => migrated({ hello: 1 })).toThrow(DocumentError);
  expect(() => migrated({ schema: SCHEMA + 1, layouts: [] })).toThrow('newer');
});

test('what of a file cannot be used is left out, and nothing lies outside of the grid', () => {
  const widget = { id: 'a', type: 'news', x: 1e9, y: -4, w: 1e9, h: 'x', link: 'pink', options: null };
  const saved = migrated({
    schema: SCHEMA,
    active: 'none',
    layouts: [
      { name: ' L ', isLocked: true, widgets: [widget, { ...widget }, { id: 3 }, null].filter(Boolean) },
      { name: '', widgets: [] },
      { name: 'L', widgets: [] },
    ],
  });
  expect(saved.active).toBe('L');
  expect(saved.layouts).toEqual([
    {
      name: 'L',
      isLocked: true,
      widgets: [{ id: 'a', type: 'news', x: 0, y: 0, w: GRID_COLUMNS, h: 8, link: null, options: {} }],
    },
  ]);
});

test('the presets are layouts that can be read', () => {
  expect(migrated(JSON.parse(JSON.stringify(presets())))).toEqual(presets());
});
