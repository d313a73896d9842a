import { ref } from 'vue';
import { freshId } from '@/kept/browser';
import { keptDocument } from '@/kept/documents';
import { listsIn, MOST_NAME, MOST_SYMBOLS, WATCH_LISTS, type WatchList } from './schema';

const { saved } = keptDocument({
  ...WATCH_LISTS,
  shelf: 'watchlists',
  name: 'lists',
  isSharedByWindows: true,
});
/** The list that was added to last: "+" adds to it. */
const last = ref<string | null>(null);

function freeName(wanted: string): string {
  const names = new Set(saved.lists.map(({ name }) => name));
  let name = wanted;
  for (let number = 2; names.has(name); number += 1) name = `${wanted} ${number}`;
  return name;
}

/** The user's watch lists, and what can be done with them. */
export const watchLists = {
  saved,

  /** Returns a list; undefined where it has been removed. */
  find(id: string | null): WatchList | undefined {
    return saved.lists.find((list) => list.id === id);
  },

  /** Returns the list that "+" adds to. */
  current(): WatchList {
    return this.find(last.value) ?? saved.lists[0] ?? this.create('Watch list');
  },

  create(name: string, symbols: readonly string[] = []): WatchList {
    const id = freshId();
    saved.lists.push({ id, name: freeName(name.trim() || 'Watch list'), symbols: [...symbols] });
    last.value = id;
    return this.find(id)!;
  },

  rename(list: WatchList, name: string): void {
    const wanted = name.trim().slice(0, MOST_NAME);
    if (wanted !== '' && wanted !== list.name) list.name = freeName(wanted);
  },

  remove(list: WatchList): void {
    saved.lists = saved.lists.filter(({ id }) => id !== list.id);
  },

  /** Adds symbols at the end, those that it has already stay where they are; returns how many found no room. */
  add(list: WatchList, symbols: readonly string[]): number {
    const fresh = symbols.filter((symbol) => !list.symbols.includes(symbol));
    const room = MOST_SYMBOLS - list.symbols.length;
    list.symbols.push(...fresh.slice(0, room));
    last.value = list.id;
    return Math.max(0, fresh.length - room);
  },

  /** Gives a list other symbols, in their order. */
  replace(list: WatchList, symbols: readonly string[]): void {
    list.symbols = symbols.slice(0, MOST_SYMBOLS);
  },

  drop(list: WatchList, symbol: string): void {
    list.symbols = list.symbols.filter((each) => each !== symbol);
  },

  /** Moves a symbol up (-1) or down (1) in the list's own order. */
  move(list: WatchList, symbol: string, by: number): void {
    const from = list.symbols.indexOf(symbol);
    const to = from + by;
    if (from < 0 || to < 0 || to >= list.symbols.length) return;
    const symbols = [...list.symbols];
    symbols.splice(to, 0, ...symbols.splice(from, 1));
    list.symbols = symbols;
  },

  /** Adds the lists of a text beside those there are; returns their ids. */
  imported(text: string, name: string): string[] {
    return listsIn(text, name).map((list) => this.create(list.name, list.symbols).id);
  },
};
