/** Where the WDS is and how a page gets in. */
export interface Access {
  url: string;
  credentials: { api_key: string } | { token: string };
}

/** Returns what a new connection needs; a token that is about to expire is replaced. */
export type AccessSource = () => Promise<Access>;

/** Thrown where nobody is logged in: there is no use in trying again. */
export class LoginNeededError extends Error {
  constructor() {
    super('login needed');
    this.name = 'LoginNeededError';
  }
}

/** Returns the access that a page's address names (`?wds=ws://…&key=…`), for development without the SCP. */
export function accessFromAddress(search: string): Access | null {
  const parameters = new URLSearchParams(search);
  const url = parameters.get('wds');
  return url === null ? null : { url, credentials: { api_key: parameters.get('key') ?? '' } };
}
