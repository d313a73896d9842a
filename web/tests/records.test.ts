import { expect, test } from 'vitest';
import { brief, compact, lines, parseExactly, timeOf, type TopicRecord } from '@/console/records';

const LULD = '[{"ev":"LULD","T":"A \\"1770000000000000001\\"","t":1770000000123456789,"h":1.5,"i":[17]}]';

test('times in ns keep every digit', () => {
  expect(compact(parseExactly(LULD))).toBe(LULD);
  expect(compact(parseExactly('[0.1234567890123456,-12345678901234567890,1e20,"\\\\"]'))).toBe(
    '[0.1234567890123456,-12345678901234567890,100000000000000000000,"\\\\"]',
  );
});

test.each([
  ['t', 1_770_000_000_123n * 1_000_000n + 456_789n, '2026-02-01 21:40:00.123456789 ET'],
  ['t', 1_770_000_000_123, '2026-02-01 21:40:00.123 ET'],
  ['end_timestamp', 1_782_912_600_000, '2026-07-01 09:30:00.000 ET'],
  ['timestamp', 1_770_000_000, '2026-02-01 21:40:00.000 ET'],
  ['timestamp', 1_770_000_000.5, '2026-02-01 21:40:00.500 ET'],
  ['s', 2_000_000_000, ''],
  ['s', 100, ''],
  ['accumulated_volume', 1_770_000_000_123, ''],
  ['t', 'x', ''],
])('a field tells its time by name and size: %s %s', (name, value, told) => {
  expect(timeOf(name, value)).toBe(told);
});

test('a value is told field by field, with the times beside their numbers', () => {
  const told = lines(parseExactly(LULD), 100);
  expect(told.map(({ text }) => text)).toEqual([
    '[',
    '  {',
    '    "ev": "LULD",',
    '    "T": "A \\"1770000000000000001\\"",',
    '    "t": 1770000000123456789,',
    '    "h": 1.5,',
    '    "i": [17]',
    '  }',
    ']',
  ]);
  expect(told[4]!.time).toBe('2026-02-01 21:40:00.123456789 ET');
  expect(told.map(({ time }) => time).filter((time) => time !== '')).toHaveLength(1);
  expect(lines(parseExactly(LULD), 3).at(-1)!.text).toBe('…');
});

test('a record is told by its first event, or by what it is instead', () => {
  const record = { format: 'json', events: 2, value: [{ sym: 'A', t: 1 }, {}], why: null } as TopicRecord;
  expect(brief(record, 100)).toBe('{"sym":"A","t":1}');
  expect(brief(record, 5)).toBe('{"sym…');
  expect(brief({ ...record, format: 'base64', events: null, value: '/wAB' }, 100)).toBe('/wAB');
  expect(brief({ ...record, format: 'none', events: null, value: null, why: 'no value' }, 100)).toBe(
    'no value',
  );
  expect(brief({ ...record, value: [] }, 100)).toBe('null');
});
