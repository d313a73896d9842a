import { computed, reactive, ref, watch } from 'vue';
import * as scp from '@/api/scp';
import { keep, readKept } from './kept';
import { presets } from './presets';
import { GRID_COLUMNS, migrated, type Layout, type Saved, type WidgetPlace } from './schema';

/** The user's layouts: kept in the browser at each change, and on the server when somebody is logged in. */
const kept = readKept(localStorage);
const saved = reactive<Saved>(kept.saved);
const problem = ref(kept.problem);
/** Raised when other layouts take the place of those shown. */
const revision = ref(0);
const DOCUMENT = 'dashboard';
const UPLOAD_AFTER_MS = 1_500;
/** Whose layouts have changed here and are not on the server yet: a page may be left before they are. */
const UNSENT_KEY = 'streams.layouts.unsent';

let version: string | null = null;
let isRemote = false;
let owner = '';
let isApplying = false;
let upload: ReturnType<typeof setTimeout> | null = null;

const active = computed<Layout>(
  () => saved.layouts.find((layout) => layout.name === saved.active) ?? saved.layouts[0]!,
);

watch(
  saved,
  () => {
    keep(localStorage, saved);
    if (!isRemote || isApplying) return;
    localStorage.setItem(UNSENT_KEY, owner);
    if (upload !== null) clearTimeout(upload);
    upload = setTimeout(() => void send(), UPLOAD_AFTER_MS);
  },
  { deep: true, flush: 'sync' },
);

function apply(other: Saved): void {
  isApplying = true;
  Object.assign(saved, other);
  revision.value += 1;
  isApplying = false;
}

/** Takes the layouts of whoever is logged in; those of the browser where the server has none, or older ones. */
export async function syncWithServer(user: string): Promise<void> {
  try {
    const stored = await scp.load<unknown>('layouts', DOCUMENT);
    isRemote = true;
    version = stored?.version ?? null;
    owner = user;
    if (stored === null || localStorage.getItem(UNSENT_KEY) === user) await send();
    else apply(migrated(stored.value));
  } catch (error) {
    problem.value = `Layouts are kept in this browser only: ${messageOf(error)}`;
  }
}

async function send(): Promise<void> {
  upload = null;
  try {
    version = await scp.store('layouts', DOCUMENT, saved, version);
    problem.value = '';
    if (upload === null) localStorage.removeItem(UNSENT_KEY);
  } catch (error) {
    if (error instanceof scp.ScpError && error.status === 412) {
      // Another window has saved since: this one's is newer, but only just.
      const stored = await scp.load<unknown>('layouts', DOCUMENT).catch(() => null);
      version = stored?.version ?? null;
      upload = setTimeout(() => void send(), UPLOAD_AFTER_MS);
      return;
    }
    problem.value = `Layouts are kept in this browser only: ${messageOf(error)}`;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

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
  problem,
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

  /** Adds the layouts of a file beside those there are; throws LayoutError where it holds none. */
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
