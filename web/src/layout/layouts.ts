import { computed } from 'vue';
import { keptDocument } from '@/kept/documents';
import { LAYOUTS, presets } from './presets';
import { GRID_COLUMNS, migrated, type Layout, type WidgetPlace } from './schema';

/** The user's layouts. Each window may show another one of them. */
const { saved, revision } = keptDocument({
  ...LAYOUTS,
  shelf: 'layouts',
  name: 'dashboard',
  isSharedByWindows: false,
});

const active = computed<Layout>(
  () => saved.layouts.find((layout) => layout.name === saved.active) ?? saved.layouts[0]!,
);

function freeName(wanted: string): string {
  const names = new Set(saved.layouts.map(({ name }) => name));
  let name = wanted;
  for (let number = 2; names.has(name); number += 1) name = `${wanted} ${number}`;
  return name;
}

/** The layouts and what can be done with them. */
export const layouts = {
  saved,
  active,
  revision,

  select(name: string): void {
    saved.active = name;
  },

  /** Adds a copy of the active layout, or an empty one, and shows it. */
  add(name: string, isCopy: boolean): void {
    const free = freeName(name);
    const widgets = isCopy ? (JSON.parse(JSON.stringify(active.value.widgets)) as WidgetPlace[]) : [];
    saved.layouts.push({ name: free, isLocked: false, widgets });
    saved.active = free;
  },

  rename(name: string): void {
    const trimmed = name.trim();
    if (trimmed === '' || trimmed === active.value.name) return;
    const layout = active.value;
    const free = freeName(trimmed);
    layout.name = free;
    saved.active = free;
  },

  /** Removes the active layout; the last one stays. */
  remove(): void {
    if (saved.layouts.length < 2) return;
    saved.layouts = saved.layouts.filter((layout) => layout.name !== saved.active);
    saved.active = saved.layouts[0]!.name;
  },

  setLocked(isLocked: boolean): void {
    active.value.isLocked = isLocked;
  },

  addWidget(type: string, size: { w: number; h: number }, options: Record<string, unknown> = {}): void {
    const numbers = active.value.widgets
      .filter((widget) => widget.id.startsWith(`${type}-`))
      .map((widget) => Number(widget.id.slice(type.length + 1)) || 0);
    const id = `${type}-${Math.max(0, ...numbers) + 1}`;
    const y = Math.max(0, ...active.value.widgets.map((widget) => widget.y + widget.h));
    const w = Math.min(size.w, GRID_COLUMNS);
    active.value.widgets.push({ id, type, x: 0, y, w, h: size.h, link: 'blue', options });
  },

  removeWidget(id: string): void {
    active.value.widgets = active.value.widgets.filter((widget) => widget.id !== id);
  },

  /** Puts the preset layouts back beside the user's own. */
  restorePresets(): void {
    for (const layout of presets().layouts) {
      saved.layouts.push({ ...layout, name: freeName(layout.name) });
    }
  },

  /** Returns all layouts as the text of a file. */
  exported(): string {
    return JSON.stringify(saved, null, 2);
  },

  /** Adds the layouts of a file beside those there are; throws DocumentError where it holds none. */
  imported(text: string): number {
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch {
      document = null;
    }
    const { layouts: added } = migrated(document);
    for (const layout of added) saved.layouts.push({ ...layout, name: freeName(layout.name) });
    saved.active = saved.layouts.at(-1)!.name;
    return added.length;
  },
};
