import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import { call } from '@/api/scp';

/** Something that is asked for again and again. */
export interface Polled<T> {
  value: ShallowRef<T | null>;
  /** Why the last answer did not come; empty where it did. */
  problem: Ref<string>;
  /** When the last answer came, ms since 1970; null before the first. */
  answeredMs: Ref<number | null>;
  /** Asks at once. */
  again(): Promise<void>;
}

/**
 * Asks the SCP each so many ms for as long as the component lives; what was told last stays while it fails.
 *
 * @param path What is asked; as a function, what is to be asked now.
 * @param isWanted Whether anybody looks: while nobody does, nothing is asked.
 */
export function usePoll<T>(
  path: string | (() => string),
  everyMs: number,
  isWanted: () => boolean = () => true,
): Polled<T> {
  const value = shallowRef<T | null>(null);
  const problem = ref('');
  const answeredMs = ref<number | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isGone = false;
  let asked = 0;

  async function again(): Promise<void> {
    clearTimeout(timer);
    const number = ++asked;
    try {
      const told = (await (await call(typeof path === 'string' ? path : path())).json()) as T;
      // What was asked since is the answer to wait for.
      if (number !== asked) return;
      value.value = told;
      problem.value = '';
      answeredMs.value = Date.now();
    } catch (error) {
      if (number !== asked) return;
      problem.value = error instanceof Error ? error.message : String(error);
    }
    wait();
  }
  function wait(): void {
    if (!isGone) timer = setTimeout(next, everyMs);
  }
  function next(): void {
    if (isWanted()) void again();
    else wait();
  }
  next();
  onScopeDispose(() => {
    isGone = true;
    clearTimeout(timer);
  });
  return { value, problem, answeredMs, again };
}
