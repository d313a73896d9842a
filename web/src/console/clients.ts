/** The clients of the WDS as the control plane tells them. */
import type { Column } from '@/columns/column';
import * as numbers from '@/format/numbers';
import { age, clock, day, NEW_YORK } from '@/format/time';

export interface WdsClient {
  id: string;
  /** That of its key or token; null where it has shown none. */
  name: string | null;
  address: string;
  way: 'websocket' | 'events';
  since_ms: number;
  subscriptions: number;
  /** Not all where there are many. */
  feeds: string[];
  waiting: number;
  waiting_bytes: number;
  /** For how long it has taken no data; null while it takes some. */
  stalled_s: number | null;
  /** What its system has acknowledged; null where that is not known. */
  sent_bytes: number | null;
  compressed: boolean;
  process: string;
}

export interface WdsProcess {
  title: string;
  address: string;
  /** Null where it does not answer. */
  clients: number | null;
  problem: string | null;
}

export interface WdsClients {
  at_ms: number;
  /** Why nobody can be asked. */
  problem: string | null;
  total: number;
  /** How many of them were asked for. */
  found: number;
  processes: WdsProcess[];
  /** The slowest of those, the slowest first. */
  clients: WdsClient[];
}

export type ClientColumn = Omit<Column<WdsClient>, 'width'>;

export const NAME: ClientColumn = {
  id: 'name',
  label: 'Client',
  tooltip: 'The name of its key or token',
  kind: 'text',
  value: ({ name }) => name,
  format: nameOf,
};
export const SUBSCRIPTIONS: ClientColumn = {
  id: 'subscriptions',
  label: 'Subscriptions',
  tooltip: 'How many subscriptions it has; a click names its feeds',
  kind: 'number',
  value: ({ subscriptions }) => subscriptions,
  format: ({ subscriptions }) => numbers.count(subscriptions),
};
/** The columns between these. */
export const COLUMNS: readonly ClientColumn[] = [
  {
    id: 'address',
    label: 'Address',
    tooltip: 'Where it comes from; of IPv6 its network',
    kind: 'text',
    value: ({ address }) => address,
    format: ({ address }) => address,
  },
  {
    id: 'process',
    label: 'Process',
    tooltip: 'The process of the WDS that it is connected to',
    kind: 'text',
    value: ({ process }) => process,
    format: ({ process }) => process,
  },
  {
    id: 'way',
    label: 'By',
    tooltip: 'A WebSocket, or server-sent events; z: messages are compressed',
    kind: 'text',
    value: ({ way, compressed }) => `${way}${compressed ? ' z' : ''}`,
    format: ({ way, compressed }) => `${way}${compressed ? ' z' : ''}`,
  },
  {
    id: 'since',
    label: 'Since, ET',
    tooltip: 'When it connected',
    kind: 'number',
    value: ({ since_ms: ms }) => ms,
    format: ({ since_ms: ms }) => `${day(ms, NEW_YORK)} ${clock(ms, NEW_YORK)}`,
  },
  {
    id: 'waiting',
    label: 'Waiting',
    tooltip: 'Messages that wait for it in the WDS',
    kind: 'number',
    value: ({ waiting }) => waiting,
    format: ({ waiting }) => numbers.count(waiting),
  },
  {
    id: 'waiting_bytes',
    label: 'Waiting, bytes',
    tooltip: 'Size of the messages that wait for it in the WDS',
    kind: 'number',
    value: ({ waiting_bytes: bytes }) => bytes,
    format: ({ waiting_bytes: bytes }) => numbers.shares(bytes),
  },
  {
    id: 'stalled',
    label: 'Takes nothing for',
    tooltip: 'For how long its connection has had no room; beyond WDS_SLOW_AFTER_S it is cut off',
    kind: 'number',
    value: ({ stalled_s: seconds }) => seconds,
    format: ({ stalled_s: seconds }) => (seconds === null ? '' : age(seconds * 1000)),
  },
  {
    id: 'sent',
    label: 'Sent, bytes',
    tooltip: 'What its system has acknowledged since it connected',
    kind: 'number',
    value: ({ sent_bytes: bytes }) => bytes,
    format: ({ sent_bytes: bytes }) => numbers.shares(bytes),
  },
];

/** Returns how a client is called. */
export function nameOf({ name }: WdsClient): string {
  return name ?? 'no name';
}

/** Returns how many clients there are and how many of them are shown, in a sentence. */
export function countOf({ total, found, clients }: WdsClients, wanted: string): string {
  const parts = [`${numbers.count(total)} ${total === 1 ? 'client' : 'clients'}`];
  if (wanted !== '') parts.push(`${numbers.count(found)} with “${wanted}”`);
  if (clients.length < found) parts.push(`the slowest ${numbers.count(clients.length)} are shown`);
  return parts.join(' · ');
}

/** Returns the processes that do not tell their clients, a sentence each. */
export function silentOf({ processes }: WdsClients): string[] {
  return processes
    .filter(({ problem }) => problem !== null)
    .map(({ title, address, problem }) => `${title} at ${address} does not tell its clients: ${problem}`);
}
