import { onBeforeUnmount, onMounted, shallowRef } from 'vue';
import { alertRules } from '@/alerts/alert_rules';
import { lastPriceOf } from '@/state/last_prices';
import { settings } from '@/state/settings';
import { watchLists } from '@/watchlists/watchlists';
import { dialog } from './shortcuts';

/** For which symbol a menu is open, and where, px. */
export const rowMenu = shallowRef<{ symbol: string; x: number; y: number; opener: HTMLElement } | null>(null);

/** Opens a new alert rule on the price of a symbol: at first the last one. */
export function addPriceAlert(symbol: string): void {
  const level = lastPriceOf(symbol) ?? 0;
  const of = { kind: 'symbol', symbol } as const;
  alertRules.create({ kind: 'level', of, field: 'price', level, direction: 'both' });
  dialog.value = 'alerts';
}

/** Returns the symbol of the row that an element lies in, or of the row that the keyboard is at in a table. */
function symbolAt(element: Element): string | null {
  const row = element.closest<HTMLElement>('[data-symbol]');
  if (row !== null) return row.dataset.symbol ?? null;
  const active = element.closest('[aria-activedescendant]')?.getAttribute('aria-activedescendant');
  return document.getElementById(active ?? '')?.dataset.symbol ?? null;
}

/** A right click, a long touch, or the menu key at a row. */
function asked(event: MouseEvent): void {
  if (!(event.target instanceof HTMLElement)) return;
  const symbol = symbolAt(event.target);
  if (symbol === null) return;
  event.preventDefault();
  const opener = event.target.closest<HTMLElement>('[tabindex], button') ?? event.target;
  rowMenu.value = { symbol, x: event.clientX, y: event.clientY, opener };
}

/** "+" at a row adds its symbol to the list that was added to last. */
function pressed(event: KeyboardEvent): void {
  const isPlain = !event.ctrlKey && !event.altKey && !event.metaKey;
  if (event.key !== '+' || !isPlain || !settings.hasSingleKeys || !(event.target instanceof HTMLElement))
    return;
  const symbol = event.target.closest('input, textarea, select') === null ? symbolAt(event.target) : null;
  if (symbol === null) return;
  watchLists.add(watchLists.current(), [symbol]);
  event.preventDefault();
}

/** Listens for menus of rows for as long as the component lives. */
export function useRowMenu(): void {
  onMounted(() => {
    addEventListener('contextmenu', asked);
    addEventListener('keydown', pressed);
  });
  onBeforeUnmount(() => {
    removeEventListener('contextmenu', asked);
    removeEventListener('keydown', pressed);
  });
}
