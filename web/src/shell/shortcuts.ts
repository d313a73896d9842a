import { onBeforeUnmount, onMounted, ref } from 'vue';
import { layouts } from '@/layout/layouts';
import { settings } from '@/state/settings';

/** Which dialog is open. */
export const dialog = ref<'help' | 'settings' | 'layouts' | 'add' | 'alerts' | 'screeners' | null>(null);

/** What keys do, for the help. */
export const SHORTCUTS: readonly [keys: string, effect: string][] = [
  ['letters', 'begin to type a symbol for the blue group'],
  ['↑ ↓ PgUp PgDn', 'move in a table'],
  ['Enter', "send the row's symbol to all widgets of its colour"],
  ['Space', "hold a table's order, and let it go"],
  ['right click, menu key', "a row's menu: watch lists, alerts"],
  ['+', "add the row's symbol to the watch list used last"],
  ['Delete, Alt+↑ Alt+↓', 'in a watch list: remove, move'],
  ['/', 'symbol field'],
  ['Alt+1 … Alt+9', 'layouts'],
  ['Alt+M', 'mute all sounds'],
  ['Alt+L', 'lock or unlock the layout'],
  ['Alt+F', 'full screen'],
  ['?', 'this help'],
  ['Esc', 'close, let go'],
];

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  );
}

function typeSymbol(letter: string): boolean {
  const field =
    document.querySelector<HTMLInputElement>('.app-header .symbol-input') ??
    // A widget in a window of its own has its own field.
    document.querySelector<HTMLInputElement>('.symbol-input');
  if (field === null) return false;
  field.focus();
  if (letter !== '') {
    field.value = letter.toUpperCase();
    field.dispatchEvent(new Event('input'));
    field.setSelectionRange(1, 1);
  }
  return true;
}

function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey) return;
  if (event.altKey ? commanded(event) : typed(event)) event.preventDefault();
}

function commanded(event: KeyboardEvent): boolean {
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  if (digit !== undefined) {
    const layout = layouts.saved.layouts[Number(digit) - 1];
    if (layout !== undefined) layouts.select(layout.name);
    return true;
  }
  switch (event.code) {
    case 'KeyM':
      settings.isMuted = !settings.isMuted;
      return true;
    case 'KeyL':
      layouts.setLocked(!layouts.active.value.isLocked);
      return true;
    case 'KeyF':
      void (document.fullscreenElement === null
        ? document.documentElement.requestFullscreen()
        : document.exitFullscreen());
      return true;
    default:
      return false;
  }
}

function typed(event: KeyboardEvent): boolean {
  if (isTyping(event.target) || !settings.hasSingleKeys) return false;
  if (event.key === '?') {
    dialog.value = dialog.value === 'help' ? null : 'help';
    return true;
  }
  if (event.key === '/') return typeSymbol('');
  return dialog.value === null && /^[a-zA-Z]$/.test(event.key) && typeSymbol(event.key);
}

/** Listens to the page's keys for as long as the component lives. */
export function useShortcuts(): void {
  onMounted(() => addEventListener('keydown', pressed));
  onBeforeUnmount(() => removeEventListener('keydown', pressed));
}
