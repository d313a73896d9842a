import { ref } from 'vue';
import * as scp from '@/api/scp';
import { isDevelopment, market } from './market';

/** Where the page stands with its user. */
export type LoginState = 'asking' | 'needed' | 'in' | 'absent' | 'unreachable';

const state = ref<LoginState>('asking');
const who = ref<scp.Login | null>(null);

const ways = ref<scp.LoginWays>({ password: true, oidc: null });

function take(session: scp.Session): void {
  who.value = session.login;
  ways.value = session.ways;
  state.value = session.login === null ? 'needed' : 'in';
}

/** Asks the SCP who is logged in. */
export async function askLogin(): Promise<void> {
  if (isDevelopment) {
    state.value = 'absent';
    return;
  }
  try {
    take(await scp.session());
  } catch {
    state.value = 'unreachable';
  }
}

/** Logs in; throws what the SCP says where it refuses. */
export async function logIn(username: string, password: string): Promise<void> {
  take(await scp.logIn(username, password));
  market.hurry();
}

/** Shows the login to a visitor who may look without one, or takes it away again. */
export function showLogin(isShown: boolean): void {
  state.value = isShown ? 'needed' : 'in';
}

/** Logs out and begins anew, with nothing of the user left on the page. */
export async function logOut(): Promise<void> {
  await scp.logOut();
  location.reload();
}

export function useLogin(): { state: typeof state; who: typeof who; ways: typeof ways } {
  return { state, who, ways };
}
