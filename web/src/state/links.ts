import { reactive } from 'vue';
import type { LinkColour } from '@/layout/links';

const KEY = 'streams.links';
const symbols = reactive<Partial<Record<LinkColour, string>>>(read());
const windows = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(KEY);

windows?.addEventListener('message', (event: MessageEvent<{ link: LinkColour; symbol: string }>) => {
  symbols[event.data.link] = event.data.symbol;
});

function read(): Partial<Record<LinkColour, string>> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Record<LinkColour, string>>;
  } catch {
    return {};
  }
}

/** Returns the symbol of a colour, null where none was chosen. */
export function linkedSymbol(link: LinkColour | null): string | null {
  return link === null ? null : (symbols[link] ?? null);
}

/** Sets the symbol of a colour, in all of the user's windows. */
export function setLinkedSymbol(link: LinkColour, symbol: string): void {
  if (symbols[link] === symbol) return;
  symbols[link] = symbol;
  localStorage.setItem(KEY, JSON.stringify(symbols));
  windows?.postMessage({ link, symbol });
}
