import { shallowRef } from 'vue';
import { AlertLog, type AlertLine } from './log';

const KEY = 'streams.alert_log';
const SCHEMA = 1;
const KEEP_AFTER_MS = 500;

let log = new AlertLog(read());
/** What rules have said, as all of the user's windows show it: at most once a frame. */
export const lines = shallowRef<readonly AlertLine[]>(log.lines);
let unsaved: ReturnType<typeof setTimeout> | null = null;
let isScheduled = false;

addEventListener('storage', ({ key }) => {
  if (key !== KEY) return;
  log = new AlertLog(read());
  show();
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
  localStorage.setItem(KEY, JSON.stringify({ schema: SCHEMA, lines: log.lines }));
}

function show(): void {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    lines.value = log.lines;
  });
}

/** Changes what rules have said; it is kept in the browser soon after. */
export function changeLog<T>(change: (log: AlertLog) => T): T {
  const before = log.lines;
  const result = change(log);
  if (log.lines !== before) {
    show();
    unsaved ??= setTimeout(save, KEEP_AFTER_MS);
  }
  return result;
}

/** Forgets what rules have said. */
export function clearLog(): void {
  changeLog((current) => (current.lines = []));
}
