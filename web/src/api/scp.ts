import { LoginNeededError, type Access, type AccessSource } from '@/client/access';

/** Who is logged in. */
export interface Login {
  user: string;
  role: 'viewer' | 'trader' | 'operator' | 'admin';
  csrf: string;
  /** Whether nobody has logged in: visitors may look. */
  anonymous?: boolean;
}

/** An answer of the SCP that is no success. */
export class ScpError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** What else the answer holds. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = 'ScpError';
  }
}

/** A stored document, and the version that the next change must name. */
export interface Stored<T> {
  value: T;
  version: string;
}

export type Shelf = 'layouts' | 'watchlists' | 'screeners' | 'alert_rules';

const TIMEOUT_MS = 10_000;
/** A token is replaced when it has less than this to live. */
const RENEW_MS = 15_000;

let csrf = '';
/** By how much the server's clock is ahead of this machine's, ms. */
let aheadMs = 0;

/** Returns the server's time, ms since 1970. */
export function serverNow(): number {
  return Date.now() + aheadMs;
}

/** Calls the SCP. Throws ScpError where it refuses, and TypeError or a DOMException where it does not answer. */
export async function call(path: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const method = init.method ?? 'GET';
  if (method !== 'GET') headers.set('X-CSRF-Token', csrf);
  const { json, ...rest } = init;
  if (json !== undefined) headers.set('Content-Type', 'application/json');
  const sentMs = Date.now();
  const response = await fetch(new URL(path, document.baseURI), {
    ...rest,
    method,
    headers,
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    credentials: 'same-origin',
    signal: init.signal ?? AbortSignal.timeout(TIMEOUT_MS),
  });
  noteClock(response, sentMs);
  if (!response.ok) throw await errorOf(response);
  return response;
}

function noteClock(response: Response, sentMs: number): void {
  const told = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(told)) return;
  // The header has whole seconds: below two it says nothing.
  const ahead = told + 500 - (sentMs + Date.now()) / 2;
  aheadMs = Math.abs(ahead) < 2_000 ? 0 : ahead;
}

async function errorOf(response: Response): Promise<ScpError> {
  try {
    const body = (await response.json()) as Record<string, unknown>;
    const told = body.detail ?? body.error;
    if (typeof told === 'string') return new ScpError(response.status, told, body);
  } catch {
    // Not JSON: the status must do.
  }
  return new ScpError(response.status, `the server answered ${response.status}`);
}

/** How somebody can log in. */
export interface LoginWays {
  password: boolean;
  /** Where a provider of identities asks for the login; null where there is none. */
  oidc: string | null;
}

/** Who is logged in, null for nobody, and how one can. */
export interface Session {
  login: Login | null;
  ways: LoginWays;
}

const NO_WAYS: LoginWays = { password: true, oidc: null };

/** Returns who is logged in. */
export async function session(): Promise<Session> {
  const response = await fetch(new URL('api/session', document.baseURI), {
    credentials: 'same-origin',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok && response.status !== 401) throw await errorOf(response);
  const told = (await response.json()) as Partial<Login> & { login?: LoginWays };
  const ways = told.login ?? NO_WAYS;
  if (!response.ok || told.user === undefined) return { login: null, ways };
  csrf = told.csrf ?? '';
  return { login: told as Login, ways };
}

/** Logs in; throws ScpError with 401 where name or password is wrong, 429 where it was tried too often. */
export async function logIn(username: string, password: string): Promise<Session> {
  await call('api/login', { method: 'POST', json: { username, password } });
  return session();
}

export async function logOut(): Promise<void> {
  await call('api/logout', { method: 'POST', json: {} });
}

interface Config {
  wds_url: string;
  token: string | null;
  token_expires_ms: number | null;
}

/** Returns a source of accesses that asks the SCP, once for connections that begin together. */
export function scpAccess(): AccessSource {
  let asked: Promise<Config> | null = null;
  return async (): Promise<Access> => {
    const known = asked === null ? null : await asked.catch(() => null);
    if (known === null || (known.token_expires_ms ?? Infinity) - serverNow() < RENEW_MS) {
      asked = fetchConfig();
    }
    try {
      const config = await asked!;
      return { url: config.wds_url, credentials: { token: config.token ?? '' } };
    } catch (error) {
      asked = null;
      throw error;
    }
  };
}

async function fetchConfig(): Promise<Config> {
  try {
    return (await (await call('api/get_config')).json()) as Config;
  } catch (error) {
    if (error instanceof ScpError && (error.status === 401 || error.status === 403))
      throw new LoginNeededError();
    throw error;
  }
}

/** Returns the names of the documents on a shelf. */
export async function shelf(kind: Shelf): Promise<string[]> {
  const listed = (await (await call(`api/store/${kind}`)).json()) as { items: { name: string }[] };
  return listed.items.map(({ name }) => name);
}

/** Returns a document, null where there is none. */
export async function load<T>(kind: Shelf, name: string): Promise<Stored<T> | null> {
  // Asked for without being there it would be an error in the browser's console.
  if (!(await shelf(kind)).includes(name)) return null;
  try {
    const response = await call(`api/store/${kind}/${encodeURIComponent(name)}`);
    return { value: (await response.json()) as T, version: response.headers.get('etag') ?? '' };
  } catch (error) {
    if (error instanceof ScpError && error.status === 404) return null;
    throw error;
  }
}

/** Stores a document and returns its version; throws ScpError with 412 where another has changed it since. */
export async function store(
  kind: Shelf,
  name: string,
  value: unknown,
  version: string | null,
): Promise<string> {
  const headers: Record<string, string> =
    version === null ? { 'If-None-Match': '*' } : { 'If-Match': version };
  const path = `api/store/${kind}/${encodeURIComponent(name)}`;
  const response = await call(path, { method: 'PUT', headers, json: value });
  return response.headers.get('etag') ?? '';
}
