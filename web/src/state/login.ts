import { ref } from 'vue';
import * as scp from '@/api/scp';
import { isDevelopment, market } from './market';

/** Where the page stands with its user. */
export type LoginState = 'asking' | 'needed' | 'in' | 'absent' | 'unreachable';

const state = ref<LoginState>('asking');
const who = ref<scp.Login | null>(null);

/** Asks the SCP who is logged in. */
export async function askLogin(): Promise<void> {
  if (isDevelopment) {
    state.value = 'absent';
    return;
  }
  try {
    who.value = await scp.session();
    state.value = who.value === null ? 'needed' : 'in';
  } catch {
    state.value = 'unreachable';
  }
}

/** Logs in; throws what the SCP says where it refuses. */
export async function logIn(username: string, password: string): Promise<void> {
  who.value = await scp.logIn(username, password);
  state.value = who.value === null ? 'needed' : 'in';
  market.hurry();
}

/** Logs out and begins anew, with nothing of the user left on the page. */
export async function logOut(): Promise<void> {
  await scp.logOut();
  location.reload();
}

export function useLogin(): { state: typeof state; who: typeof who } {
  return { state, who };
}
