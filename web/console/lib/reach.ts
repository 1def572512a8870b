/** Until when ordinary text goes over a channel that is somebody else's service (LIFE-10, LIFE-11). Pure. */
import type { Reach, Row } from '../../client/frames';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** After closing one may write so long; fixed (LIFE-10). */
export const AFTER_CLOSE = 24 * HOUR;
export const SOON = HOUR;

/** When writing freely ends, by both clocks; null: it never does. */
export function freeUntil(
  reach: Reach | null | undefined,
  row: Pick<Row, 'state' | 'closed_at'>,
): number | null {
  if (!reach) return null;
  const ends: number[] = [];
  if (reach.until !== null) ends.push(reach.until);
  if (row.state === 'closed' && row.closed_at) ends.push(row.closed_at + AFTER_CLOSE);
  return ends.length ? Math.min(...ends) : null;
}

/** The customer has written: the window begins anew. */
export function heard(reach: Reach, at: number): Reach {
  if (reach.window_ms === null) return reach;
  return { ...reach, until: Math.max(reach.until ?? 0, at + reach.window_ms) };
}

/** What is left, in words: `23 h 5 min`, `42 min`, `4:09`. */
export function leftOf(left: number): string {
  if (left >= 5 * MINUTE) {
    const hours = Math.floor(left / HOUR);
    const minutes = Math.floor((left % HOUR) / MINUTE);
    return [hours ? `${hours} h` : '', minutes || !hours ? `${minutes} min` : ''].filter(Boolean).join(' ');
  }
  const seconds = Math.max(0, Math.ceil(left / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
