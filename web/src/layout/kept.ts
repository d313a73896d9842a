import { LayoutError, migrated, type Saved } from './schema';
import { presets } from './presets';

/** What of the browser's storage is used. */
export type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem'>;

const KEY = 'streams.layouts';
/** What was there before a migration, or could not be read: nothing that a user made is thrown away. */
const BEFORE_KEY = 'streams.layouts.before';

/** Returns the layouts that the browser keeps, those of a new user where it has none that can be used. */
export function readKept(storage: Storage): { saved: Saved; problem: string } {
  const text = storage.getItem(KEY);
  if (text === null) return { saved: presets(), problem: '' };
  try {
    const document = JSON.parse(text) as { schema?: unknown };
    const saved = migrated(document);
    if (document.schema !== saved.schema) storage.setItem(BEFORE_KEY, text);
    return { saved, problem: '' };
  } catch (error) {
    storage.setItem(BEFORE_KEY, text);
    const reason = error instanceof LayoutError ? error.message : 'it is not readable';
    return {
      saved: presets(),
      problem: `Your layouts could not be read (${reason}); a copy of them is kept.`,
    };
  }
}

/** Keeps layouts in the browser. */
export function keep(storage: Storage, saved: Saved): void {
  storage.setItem(KEY, JSON.stringify(saved));
}
