/** Business hours as the server keeps them (docs/protocol.md), and in words. Times are "09:00", "24:00" is midnight at the end. */

export type Interval = [string, string];
export interface Holiday {
  date: string;
  name: string;
  intervals: Interval[];
}
export interface Hours {
  zone: string;
  /** Seven lists, Monday first. */
  weekly: Interval[][];
  holidays: Holiday[];
}

export const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
export const MOST_INTERVALS = 6;
export const MOST_HOLIDAYS = 200;

export function usual(zone: string): Hours {
  const day = (): Interval[] => [['09:00', '17:00']];
  return { zone, weekly: [day(), day(), day(), day(), day(), [], []], holidays: [] };
}

/** What a person types for a time: `9`, `930`, `9:30`, `9.30`; as it is when it is none. */
export function tidy(typed: string): string {
  const found = /^\s*(\d{1,2})(?:[:.h]?(\d{2}))?\s*$/.exec(typed);
  if (!found) return typed.trim();
  return `${found[1]!.padStart(2, '0')}:${found[2] ?? '00'}`;
}

/** One more interval that fits behind the others of a day, or null when there is no room. */
export function further(intervals: readonly Interval[]): Interval | null {
  if (intervals.length >= MOST_INTERVALS) return null;
  const end = intervals.at(-1)?.[1];
  if (end === undefined) return ['09:00', '17:00'];
  const hour = Number(end.slice(0, 2)) + 1;
  if (!(hour < 24)) return null;
  const two = (value: number) => String(value).padStart(2, '0');
  return [`${two(hour)}:00`, `${two(Math.min(24, hour + 4))}:00`];
}

function ofDay(intervals: readonly Interval[]): string {
  return intervals.map(([start, end]) => `${start}–${end}`).join(', ') || 'closed';
}

/** `Mon–Fri 09:00–12:00, 13:00–17:00; Sat 10:00–14:00 (Europe/Berlin), 3 holidays` */
export function summary({ zone, weekly, holidays }: Hours): string {
  const parts: string[] = [];
  for (let first = 0; first < 7;) {
    let last = first;
    const words = ofDay(weekly[first]!);
    while (last < 6 && ofDay(weekly[last + 1]!) === words) last += 1;
    const name = (day: number) => DAYS[day]!.slice(0, 3);
    const days = first === last ? name(first) : `${name(first)}–${name(last)}`;
    if (words !== 'closed') parts.push(`${days} ${words}`);
    first = last + 1;
  }
  const special =
    holidays.length === 1 ? ', 1 holiday' : holidays.length ? `, ${holidays.length} holidays` : '';
  return `${parts.join('; ') || 'Always closed'} (${zone})${special}`;
}
