import { ref } from 'vue';
import { clearLog } from '@/alerts/kept_log';
import * as scp from '@/api/scp';
import { forgetDocuments } from '@/kept/documents';
import { isDevelopment, market } from './market';

/** Where the page stands with its user. */
export type LoginState = 'asking' | 'needed' | 'in' | 'absent' | 'unreachable';

const state = ref<LoginState>('asking');
const who = ref<scp.Login | null>(null);

const ways = ref<scp.LoginWays>({ password: true, oidc: null });

/** Why the provider's login, from which the browser comes back, has not let anybody in; empty where it has. */
const refusal = ref(takeRefusal());

/** Returns what the address tells of a refused login, and takes it out of the address. */
function takeRefusal(): string {
  const address = new URL(location.href);
  const told = address.searchParams.get('login_error') ?? '';
  if (told !== '') {
    address.searchParams.delete('login_error');
    history.replaceState(history.state, '', address);
  }
  return told.slice(0, 300);
}

function take(session: scp.Session): void {
  who.value = session.login;
  ways.value = session.ways;
  const isVisitor = session.login === null || session.login.anonymous === true;
  const isRefused = isVisitor && refusal.value !== '';
  state.value = session.login === null || isRefused ? 'needed' : 'in';
}

/** Returns where the provider's login begins, which leads back to this view; null where there is none. */
export function providerLogin(): string | null {
  const here = encodeURIComponent(location.pathname + location.search);
  return ways.value.oidc === null ? null : `${ways.value.oidc}?next=${here}`;
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
  refusal.value = '';
  take(await scp.logIn(username, password));
  market.hurry();
}

/** Shows the login to a visitor who may look without one, or takes it away again. */
export function showLogin(isShown: boolean): void {
  refusal.value = '';
  state.value = isShown ? 'needed' : 'in';
}

/** Logs out and begins anew, with nothing of the user left on the page. */
export async function logOut(): Promise<void> {
  await scp.logOut();
  clearLog();
  forgetDocuments();
  location.reload();
}

export function useLogin(): { state: typeof state; who: typeof who; refusal: typeof refusal } {
  return { state, who, refusal };
}
