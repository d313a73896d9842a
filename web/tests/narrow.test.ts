import { expect, test } from 'vitest';
import { abreast, narrowed } from '@/layout/narrow';
import { presets } from '@/layout/presets';

test('a desk and a tablet on its side show the layout as it is', () => {
  expect([1_920, 1_180, 1_000, 999, 820, 639].map(abreast)).toEqual([null, null, null, 2, 2, 1]);
});

test.each(presets().layouts)(
  'boxes of a narrow screen neither overlap nor leave it: $name',
  ({ widgets }) => {
    for (const count of [1, 2] as const) {
      const boxes = narrowed(widgets, count);
      expect(boxes.map(({ id }) => id).sort()).toEqual(widgets.map(({ id }) => id).sort());
      const taken = new Set<string>();
      for (const { x, y, w, h } of boxes) {
        expect(x + w).toBeLessThanOrEqual(24);
        for (let row = y; row < y + h; row += 1) {
          for (let column = x; column < x + w; column += 1) {
            expect(taken.has(`${column} ${row}`)).toBe(false);
            taken.add(`${column} ${row}`);
          }
        }
      }
    }
  },
);

test('what fills more than half of a desk fills a tablet, what stands beside it comes below', () => {
  const [layout] = presets().layouts.filter(({ name }) => name === 'Symbol');
  const [chart, quote, card] = narrowed(layout!.widgets, 2);
  expect([chart!.x, chart!.w, quote!.x, quote!.y, card!.x, card!.y]).toEqual([0, 24, 0, 15, 12, 15]);
});
