import { GRID_COLUMNS, type WidgetPlace } from './schema';

/** Where a box is on the grid. */
export type Box = Pick<WidgetPlace, 'id' | 'x' | 'y' | 'w' | 'h'>;

const TWO_ABREAST_PX = 1_000;
const ONE_ABREAST_PX = 640;
/** From this part of the grid's width on a widget keeps a narrow screen's whole width. */
const WIDE = 0.5;

/** Returns how many widgets stand side by side on a screen; null where it is wide enough for the user's layout. */
export function abreast(widthPx: number): 1 | 2 | null {
  if (widthPx >= TWO_ABREAST_PX) return null;
  return widthPx >= ONE_ABREAST_PX ? 2 : 1;
}

/** Returns the boxes of a layout for a narrow screen: in reading order, each where there is room first. */
export function narrowed(widgets: readonly WidgetPlace[], count: 1 | 2): Box[] {
  const ends = new Array<number>(count).fill(0);
  const inOrder = [...widgets].sort((one, other) => one.y - other.y || one.x - other.x);
  return inOrder.map(({ id, w, h }) => {
    const isWhole = count === 1 || w > GRID_COLUMNS * WIDE;
    const column = isWhole ? 0 : ends.indexOf(Math.min(...ends));
    const y = isWhole ? Math.max(...ends) : ends[column]!;
    if (isWhole) ends.fill(y + h);
    else ends[column] = y + h;
    const width = isWhole ? GRID_COLUMNS : GRID_COLUMNS / count;
    return { id, x: column * width, y, w: width, h };
  });
}
