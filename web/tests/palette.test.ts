import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** WCAG 2.2, success criterion 1.4.3: text of less than 18 pt. */
const LEAST_CONTRAST = 4.5;
/** WCAG 2.2, general flashes: a lesser change of luminance is none, nor one whose darker colour is so light. */
const MOST_FLASH = 0.1;
const LIGHT = 0.8;
const TEXTS = [
  '--text',
  '--muted',
  '--faint',
  '--accent',
  '--warn',
  '--bad',
  '--up',
  '--down',
  '--replay',
] as const;
const GROUNDS = [
  '--ground',
  '--panel',
  '--raised',
  '--row-odd',
  '--row-hover',
  '--row-selected',
  '--flash-up',
  '--flash-down',
] as const;
const css = readFileSync(new URL('../src/styles/base.css', import.meta.url), 'utf-8');

/** Returns the colours of a theme; `scheme` is empty for green and red. */
function palette(theme: string, scheme: string): Record<string, string> {
  const colours: Record<string, string> = {};
  for (const [, selector = '', body = ''] of css.matchAll(/^:root((?:\[[^\]]*\])*) \{([^}]*)\}/gm)) {
    const wants = [...selector.matchAll(/\[data-(theme|colours)='([^']+)'\]/g)];
    const isMeant = wants.every(([, what, value]) => value === (what === 'theme' ? theme : scheme));
    if (!isMeant) continue;
    for (const [, name, colour] of body.matchAll(/(--[\w-]+): (#[0-9a-f]{6});/g)) colours[name!] = colour!;
  }
  return colours;
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

const THEMES = ['dark', 'light'].flatMap((theme) =>
  ['', 'blue-orange', 'red-up'].map((scheme) => [theme, scheme] as const),
);

test.each(THEMES)('text can be read on every ground: %s %s', (theme, scheme) => {
  const colours = palette(theme, scheme);
  const weak = TEXTS.flatMap((text) =>
    GROUNDS.filter((ground) => contrast(colours[text]!, colours[ground]!) < LEAST_CONTRAST).map(
      (ground) => `${text} on ${ground}`,
    ),
  );
  expect(weak).toEqual([]);
});

test.each(THEMES)('no flash is a general flash: %s %s', (theme, scheme) => {
  const colours = palette(theme, scheme);
  const panel = luminance(colours['--panel']!);
  for (const tint of ['--flash-up', '--flash-down'].map((name) => luminance(colours[name]!))) {
    if (Math.min(tint, panel) < LIGHT) expect(Math.abs(tint - panel)).toBeLessThan(MOST_FLASH);
  }
});
