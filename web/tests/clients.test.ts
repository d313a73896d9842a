import { afterEach, expect, test, vi } from 'vitest';
import { effectScope } from 'vue';
import { countOf, silentOf, type WdsClients } from '@/console/clients';
import { usePoll } from '@/console/poll';

const told = (changes: Partial<WdsClients>): WdsClients => ({
  at_ms: 0,
  problem: null,
  total: 1_200,
  found: 1_200,
  processes: [],
  clients: [],
  ...changes,
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('what is not shown is told, in numbers', () => {
  expect(countOf(told({}), '')).toBe('1,200 clients · the slowest 0 are shown');
  expect(countOf(told({ total: 1, found: 0 }), '10.0.')).toBe('1 client · 0 with “10.0.”');
});

test('a process that does not answer is named with its reason', () => {
  const processes = [
    { title: 'WDS 1', address: '10.0.0.1:4240', clients: 3, problem: null },
    { title: 'WDS', address: '10.0.0.1:4241', clients: null, problem: 'it does not listen' },
  ];
  expect(silentOf(told({ processes }))).toEqual([
    'WDS at 10.0.0.1:4241 does not tell its clients: it does not listen',
  ]);
});

test('nothing is asked while nobody looks', async () => {
  vi.useFakeTimers();
  const asked: string[] = [];
  vi.stubGlobal('document', { baseURI: 'http://scp/' });
  vi.stubGlobal('fetch', (url: URL) => {
    asked.push(url.search);
    return Promise.resolve(new Response('{"n":1}'));
  });
  let isLooking = false;
  let search = '';
  const scope = effectScope();
  const poll = scope.run(() =>
    usePoll<{ n: number }>(
      () => `api/x${search}`,
      1_000,
      () => isLooking,
    ),
  )!;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(asked).toEqual([]);
  isLooking = true;
  search = '?find=a';
  await vi.advanceTimersByTimeAsync(1_000);
  expect(poll.value.value).toEqual({ n: 1 });
  isLooking = false;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(asked).toEqual(['?find=a']);
  scope.stop();
});
