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

/** Asks the SCP each so many ms for as long as the component lives; what was told last stays while it fails. */
export function usePoll<T>(path: string, everyMs: number): Polled<T> {
  const value = shallowRef<T | null>(null);
  const problem = ref('');
  const answeredMs = ref<number | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isGone = false;

  async function again(): Promise<void> {
    clearTimeout(timer);
    try {
      value.value = (await (await call(path)).json()) as T;
      problem.value = '';
      answeredMs.value = Date.now();
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
    clearTimeout(timer);
    if (!isGone) timer = setTimeout(() => void again(), everyMs);
  }
  void again();
  onScopeDispose(() => {
    isGone = true;
    clearTimeout(timer);
  });
  return { value, problem, answeredMs, again };
}
