import { onBeat } from '@/state/clock';

/** A cell that may flash, and the number it shows. */
export interface FlashingCell {
  key: string;
  value: number;
  element: HTMLElement;
}

/** In a few steps: without a GPU each frame of a smooth fade paints the whole table again. */
const FADE = { duration: 300, easing: 'steps(4)' };
const isCalm = matchMedia('(prefers-reduced-motion: reduce)');

/**
 * Lets cells flash whose number changed, at the page's beat: once a second, all tables at the same moment.
 *
 * More than three flashes a second over a large area would hurt people (WCAG 2.3.1). Returns how to stop.
 */
export function flashOnBeat(cells: () => Iterable<FlashingCell>): () => void {
  let known = new Map<string, number>();
  return onBeat(() => {
    if (document.hidden) return;
    const shown = new Map<string, number>();
    const style = isCalm.matches ? null : getComputedStyle(document.documentElement);
    for (const { key, value, element } of cells()) {
      shown.set(key, value);
      const before = known.get(key);
      if (style === null || before === undefined || before === value) continue;
      const tint = style.getPropertyValue(value > before ? '--flash-up' : '--flash-down');
      element.animate([{ backgroundColor: tint }, { backgroundColor: 'transparent' }], FADE);
    }
    known = shown;
  });
}
