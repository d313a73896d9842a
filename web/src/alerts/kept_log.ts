import { shallowRef } from 'vue';
import { AlertLog, type AlertLine } from './log';

const KEY = 'streams.alert_log';
const SCHEMA = 1;
const KEEP_AFTER_MS = 500;

let log = read();
/** What rules have said, as all of the user's windows show it: at most once a frame. */
export const lines = shallowRef<readonly AlertLine[]>(log.lines);
let unsaved: ReturnType<typeof setTimeout> | null = null;
let isScheduled = false;

addEventListener('storage', ({ key }) => {
  if (key !== KEY) return;
  log = read();
  show();
});
addEventListener('pagehide', save);

function read(): AlertLog {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<AlertLog> & { schema?: number };
    if (kept.schema === SCHEMA && Array.isArray(kept.lines)) return new AlertLog(kept.lines, kept.clearedMs);
  } catch {
    // What cannot be read is begun anew: it is a log, nothing that the user made.
  }
  return new AlertLog();
}

function save(): void {
  if (unsaved === null) return;
  clearTimeout(unsaved);
  unsaved = null;
  localStorage.setItem(KEY, JSON.stringify({ schema: SCHEMA, lines: log.lines, clearedMs: log.clearedMs }));
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
  changeLog((current) => current.clear());
}
