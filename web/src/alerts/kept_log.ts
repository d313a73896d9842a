import { shallowRef } from 'vue';
import { AlertLog, type AlertLine } from './log';

const KEY = 'streams.alert_log';
const SCHEMA = 1;
const KEEP_AFTER_MS = 500;

/** What rules have said, as all of the user's windows show it. */
export const lines = shallowRef<readonly AlertLine[]>(read());
let unsaved: ReturnType<typeof setTimeout> | null = null;

addEventListener('storage', ({ key }) => {
  if (key === KEY) lines.value = read();
});
addEventListener('pagehide', save);

function read(): readonly AlertLine[] {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as { schema?: number; lines?: AlertLine[] };
    return kept.schema === SCHEMA && Array.isArray(kept.lines) ? kept.lines : [];
  } catch {
    return [];
  }
}

function save(): void {
  if (unsaved === null) return;
  clearTimeout(unsaved);
  unsaved = null;
  localStorage.setItem(KEY, JSON.stringify({ schema: SCHEMA, lines: lines.value }));
}

/** Changes what rules have said; it is kept in the browser soon after. */
export function changeLog<T>(change: (log: AlertLog) => T): T {
  const log = new AlertLog(lines.value);
  const result = change(log);
  if (log.lines !== lines.value) {
    lines.value = log.lines;
    unsaved ??= setTimeout(save, KEEP_AFTER_MS);
  }
  return result;
}

/** Forgets what rules have said. */
export function clearLog(): void {
  changeLog((log) => (log.lines = []));
}
