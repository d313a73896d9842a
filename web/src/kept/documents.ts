import { reactive, ref, shallowReactive, watch, type Ref } from 'vue';
import * as scp from '@/api/scp';
import { keep, readKept, type Shape } from './browser';

/** What a document is kept as on the server, and whether the user's windows change it together. */
export interface Kept<T extends { schema: number }> extends Shape<T> {
  shelf: scp.Shelf;
  name: string;
  isSharedByWindows: boolean;
}

/** A document of the user: kept in the browser at each change, and on the server when somebody is logged in. */
export interface KeptDocument<T> {
  saved: T;
  /** What the user should know of it, in a sentence; empty where all is well. */
  problem: Ref<string>;
  /** Raised when another document takes the place of the one shown. */
  revision: Ref<number>;
}

const UPLOAD_AFTER_MS = 1_500;
/** What the user should know of each document. */
export const problems = shallowReactive<Ref<string>[]>([]);
const forgets: (() => void)[] = [];
const syncs: ((user: string) => Promise<void>)[] = [];

/**
 * Takes the documents of whoever is logged in; those of the browser where the server has none, or older ones.
 *
 * @param user empty for a visitor whom the server knows by no name: what it made goes with it into an account
 */
export async function syncWithServer(user: string): Promise<void> {
  await Promise.all(syncs.map((sync) => sync(user)));
}

/** Takes the user's documents off this browser, but for what is not on the server yet. */
export function forgetDocuments(): void {
  for (const forget of forgets) forget();
}

/** Returns a document of the user, as the browser keeps it until the server has told its own. */
export function keptDocument<T extends { schema: number }>(shape: Kept<T>): KeptDocument<T> {
  const kept = readKept(localStorage, shape);
  const saved = reactive(kept.saved) as T;
  const problem = ref(kept.problem);
  problems.push(problem);
  const revision = ref(0);
  /** Whose document has changed here and is not on the server yet: a page may be left before it is. */
  const unsentKey = `${shape.key}.unsent`;
  /** Whose document, in which of the server's versions, the one in the browser comes from. */
  const originKey = `${shape.key}.origin`;
  let isChanged = false;
  let version: string | null = null;
  let isRemote = false;
  let owner = '';
  let isApplying = false;
  let upload: ReturnType<typeof setTimeout> | null = null;

  watch(
    saved,
    () => {
      if (isApplying) return;
      keep(localStorage, shape, saved);
      isChanged = true;
      if (!isRemote) return;
      localStorage.setItem(unsentKey, owner);
      sendLater();
    },
    { deep: true, flush: 'sync' },
  );
  if (shape.isSharedByWindows) {
    addEventListener('storage', ({ key, newValue }) => {
      if (key === shape.key && newValue !== null) apply(readKept(localStorage, shape).saved);
    });
  }

  function apply(other: T): void {
    isApplying = true;
    Object.assign(saved, other);
    isApplying = false;
    revision.value += 1;
  }
  function take(other: T): void {
    apply(other);
    keep(localStorage, shape, saved);
  }
  function sendLater(): void {
    if (upload !== null) clearTimeout(upload);
    upload = setTimeout(() => void send(), UPLOAD_AFTER_MS);
  }
  async function send(): Promise<void> {
    upload = null;
    try {
      version = await scp.store(shape.shelf, shape.name, saved, version);
      localStorage.setItem(originKey, JSON.stringify([owner, version]));
      problem.value = '';
      if (upload === null) localStorage.removeItem(unsentKey);
    } catch (error) {
      if (error instanceof scp.ScpError && error.status === 412) {
        // Another window has saved since: this one's is newer, but only just.
        const stored = await scp.load<unknown>(shape.shelf, shape.name).catch(() => null);
        version = stored?.version ?? null;
        sendLater();
        return;
      }
      tellFailure(error);
    }
  }
  function tellFailure(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    problem.value = `Your ${shape.words} are kept in this browser only: ${reason}`;
  }

  forgets.push(() => {
    if (localStorage.getItem(unsentKey) !== null) return;
    for (const key of [shape.key, originKey]) localStorage.removeItem(key);
  });
  syncs.push(async (user) => {
    try {
      const stored = await scp.load<unknown>(shape.shelf, shape.name);
      isRemote = true;
      version = stored?.version ?? null;
      owner = user;
      const [from, of] = JSON.parse(localStorage.getItem(originKey) ?? '["", null]') as [
        string,
        string | null,
      ];
      const isOrigin = from === user && of === version && localStorage.getItem(shape.key) !== null;
      // The page is there before the server has answered: what was changed meanwhile is not lost.
      const isNewer = localStorage.getItem(unsentKey) === user || (isChanged && isOrigin);
      if (stored === null || isNewer) {
        // What another user of this browser made is not this one's.
        if (!isNewer && from !== '' && from !== user) take(shape.initial());
        await send();
      } else if (!isOrigin) {
        take(shape.migrated(stored.value));
        localStorage.setItem(originKey, JSON.stringify([user, version]));
      }
    } catch (error) {
      tellFailure(error);
    }
  });
  return { saved, problem, revision };
}
