/** Which lines of a long list to draw, and how to keep one's place in it. Pure; sizes in px. */
export const ROW = 72;
export const HEAD = 44;
const EXTRA = 6;

export interface Span {
  from: number;
  to: number;
}

/** Where the lines of a list stand. */
export interface Layout {
  count: number;
  height: number;
  topOf(index: number): number;
  /** The line at this height. */
  at(y: number): number;
}

/** All lines are cards: nothing need be kept for each. */
export function evenly(count: number): Layout {
  return {
    count,
    height: count * ROW,
    topOf: (index) => index * ROW,
    at: (y) => Math.floor(y / ROW),
  };
}

export function stacked(heights: readonly number[]): Layout {
  const tops = [0];
  for (const height of heights) tops.push(tops[tops.length - 1]! + height);
  return {
    count: heights.length,
    height: tops[heights.length]!,
    topOf: (index) => tops[index]!,
    at(y) {
      let low = 0;
      for (let high = heights.length; low < high;) {
        const middle = (low + high + 1) >> 1;
        if (tops[middle]! <= y) low = middle;
        else high = middle - 1;
      }
      return low;
    },
  };
}

export function visible(top: number, height: number, layout: Layout): Span {
  const from = Math.min(Math.max(0, layout.at(top) - EXTRA), layout.count);
  return { from, to: Math.min(layout.count, layout.at(top + height - 1) + 1 + EXTRA) };
}

export interface Drawn<T> {
  lines: readonly T[];
  layout: Layout;
}

/**
 * By how much to scroll so that what the reader looks at stays where it is when `before` became `after` (LIST-6).
 * At the very top nothing is kept: there the newest is wanted. A line that itself jumped away is not followed.
 */
export function keepPlace<T>(before: Drawn<T>, after: Drawn<T>, top: number): number {
  if (top < ROW / 2 || before.lines.length === 0) return 0;
  const at = before.layout.at(top);
  const first = Math.min(before.layout.topOf(at) < top ? at + 1 : at, before.lines.length - 1);
  const moves: number[] = [];
  for (let index = first; index < before.lines.length && moves.length < 2; index++) {
    const now = after.lines.indexOf(before.lines[index]!);
    if (now >= 0) moves.push(after.layout.topOf(now) - before.layout.topOf(index));
  }
  return moves[0] === moves[1] ? (moves[0] ?? 0) : (moves[1] ?? moves[0] ?? 0);
}
