import { computed, reactive, ref, shallowRef, type ComputedRef } from 'vue';
import { alertRules } from '@/alerts/alert_rules';
import * as scp from '@/api/scp';
import { keyOf } from '@/client/feeds';
import { FEEDS } from '@/generated/feeds';
import { layouts } from '@/layout/layouts';
import { dialog } from '@/shell/shortcuts';
import { isDevelopment } from '@/state/market';
import { blankDraft, defined, drafted, type Definition, type Draft } from './definition';

/** A screener that has a board. */
export interface Screener {
  name: string;
  /** Its board's name: the feed after "scanners:". */
  board: string;
  definition: Definition;
}

/** One of the user's own. */
export interface OwnScreener extends Screener {
  version: string;
  /** Why it has no board; null where it has one. */
  problem: string | null;
}

interface Listed {
  own: OwnScreener[];
  file: Screener[];
  most: number;
  may_edit: boolean;
}

/** What is edited: a new screener, or one of the user's own under its name so far. */
export interface Editing {
  draft: Draft;
  previous: OwnScreener | null;
  /** Told the board when it was stored. */
  stored?: ((board: string) => void) | undefined;
}

const listed = shallowRef<Listed | null>(null);
const problem = ref('');
/** What the dialog says of what was done last. */
const notice = ref('');
const editing = shallowRef<Editing | null>(null);

const own = computed(() => listed.value?.own ?? []);
const file = computed(() => listed.value?.file ?? []);
/** Every screener whose board can be watched: its feed, and how it is called. */
const boards: ComputedRef<{ feed: string; title: string }[]> = computed(() =>
  [...own.value, ...file.value].map((each) => ({
    feed: keyOf(FEEDS.SCREENER, each.board),
    title: titleOf(each.board),
  })),
);

/** Returns how a board is called: by its screener's name where it is known. */
function titleOf(board: string): string {
  return own.value.find((each) => each.board === board)?.name ?? board.replaceAll('_', ' ');
}

function freeName(wanted: string): string {
  const names = new Set(own.value.map(({ name }) => name));
  let name = wanted;
  for (let number = 2; names.has(name); number += 1) name = `${wanted} ${number}`;
  return name;
}

async function refresh(): Promise<void> {
  if (isDevelopment) return;
  try {
    listed.value = (await (await scp.call('api/screeners')).json()) as Listed;
    problem.value = '';
  } catch (error) {
    problem.value = error instanceof Error ? error.message : String(error);
  }
}

/** Has every widget and alert rule that follows a board follow another one instead. */
function moveFollowers(from: string, to: string): void {
  const feed = keyOf(FEEDS.SCREENER, from);
  for (const { source } of alertRules.saved.rules) {
    if (source.kind === 'board' && source.feed === feed) source.feed = keyOf(FEEDS.SCREENER, to);
  }
  for (const layout of layouts.saved.layouts) {
    for (const { options } of layout.widgets) if (options.screener === from) options.screener = to;
  }
}

async function remove(screener: OwnScreener): Promise<void> {
  const path = `api/store/screeners/${encodeURIComponent(screener.name)}`;
  await scp.call(path, { method: 'DELETE', headers: { 'If-Match': screener.version } });
}

/** The user's screeners and those of the server's file, and what can be done with them. */
export const screeners = reactive({
  own,
  file,
  boards,
  problem,
  notice,
  editing,
  /** Whether the server has told them. */
  isKnown: computed(() => listed.value !== null),
  mayEdit: computed(() => listed.value?.may_edit === true),
  most: computed(() => listed.value?.most ?? 0),
  titleOf,
  refresh,

  /** Returns what a board shows; undefined where its screener is not known. */
  find(board: string): Screener | undefined {
    return [...own.value, ...file.value].find((each) => each.board === board);
  },

  /** Shows the dialog: all of them, or the one that was left in its form. */
  manage(): void {
    notice.value = '';
    dialog.value = 'screeners';
  },

  /** Opens a screener that is not stored yet. */
  create(draft: Draft = blankDraft(), stored?: (board: string) => void): void {
    editing.value = {
      draft: { ...draft, name: freeName(draft.name || 'My screener') },
      previous: null,
      stored,
    };
    dialog.value = 'screeners';
  },

  /** Opens one of the user's own; throws ScreenerError where the form cannot show it. */
  edit(screener: OwnScreener, stored?: (board: string) => void): void {
    editing.value = { draft: drafted(screener.name, screener.definition), previous: screener, stored };
    dialog.value = 'screeners';
  },

  /** Opens a copy; throws ScreenerError where the form cannot show it. */
  copy(screener: Screener, stored?: (board: string) => void): void {
    this.create(drafted(`${titleOf(screener.board)} copy`, screener.definition), stored);
  },

  /** Stores what is edited; throws ScpError with what is wrong. */
  async store({ draft, previous, stored }: Editing): Promise<void> {
    const name = draft.name.trim();
    const isSame = previous?.name === name;
    await scp.store('screeners', name, defined(draft), isSame ? previous.version : null);
    if (previous !== null && !isSame) await remove(previous);
    await refresh();
    const board = own.value.find((each) => each.name === name)?.board;
    if (board === undefined) return;
    if (previous !== null) moveFollowers(previous.board, board);
    stored?.(board);
  },

  /** Removes one of the user's own; its board goes with it. */
  async remove(screener: OwnScreener): Promise<void> {
    await remove(screener);
    await refresh();
  },
});
