/** Which rows of a long list of equally high rows to draw, and how to keep one's place in it. Pure; sizes in px. */
export const ROW = 72;
const EXTRA = 6;

export interface Span {
  from: number;
  to: number;
}

export function visible(top: number, height: number, count: number): Span {
  const from = Math.max(0, Math.floor(top / ROW) - EXTRA);
  return { from: Math.min(from, count), to: Math.min(count, Math.ceil((top + height) / ROW) + EXTRA) };
}

/**
 * By how much to scroll so that what the reader looks at stays where it is when `before` became `after` (LIST-6).
 * At the very top nothing is kept: there the newest is wanted. A row that itself jumped away is not followed.
 */
export function keepPlace<T>(before: readonly T[], after: readonly T[], top: number): number {
  if (top < ROW / 2 || before.length === 0) return 0;
  const first = Math.min(Math.ceil(top / ROW), before.length - 1);
  const moves: number[] = [];
  for (let index = first; index < before.length && moves.length < 2; index++) {
    const now = after.indexOf(before[index]!);
    if (now >= 0) moves.push(now - index);
  }
  return (moves[0] === moves[1] ? (moves[0] ?? 0) : (moves[1] ?? moves[0] ?? 0)) * ROW;
}
