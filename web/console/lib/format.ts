/** Times, sizes and names in words. All times are milliseconds since the epoch. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const clockFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const shortDate = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const monthDate = new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric' });
const longDate = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
const yearDate = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

export function timeOf(at: number): string {
  return clockFormat.format(at);
}

function dayNumber(at: number): number {
  const date = new Date(at);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY);
}

export function sameDay(a: number, b: number): boolean {
  return dayNumber(a) === dayNumber(b);
}

/** `Today`, `Yesterday`, `Friday 14 November`, `3 Jan 2025`. */
export function dayOf(at: number, now: number): string {
  const days = dayNumber(now) - dayNumber(at);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return days < 300 ? longDate.format(at) : yearDate.format(at);
}

/** `14:02`, `Yesterday 14:02`, `14 Nov, 14:02`. */
export function momentOf(at: number, now: number): string {
  const days = dayNumber(now) - dayNumber(at);
  if (days === 0) return `Today, ${timeOf(at)}`;
  if (days === 1) return `Yesterday, ${timeOf(at)}`;
  return `${(days < 300 ? shortDate : yearDate).format(at)}, ${timeOf(at)}`;
}

/** How long ago, in few characters: `now`, `4 m`, `2 h`, `3 d`, `14 Nov`, `Nov 2024`. */
export function agoOf(at: number, now: number): string {
  const gone = now - at;
  if (gone < MINUTE) return 'now';
  if (gone < HOUR) return `${Math.floor(gone / MINUTE)} m`;
  if (gone < DAY) return `${Math.floor(gone / HOUR)} h`;
  if (gone < 7 * DAY) return `${Math.floor(gone / DAY)} d`;
  return (gone < 300 * DAY ? shortDate : monthDate).format(at);
}

/** A span of time: `38 s`, `12 min`, `3 h 5 min`, `2 days`. */
export function spanOf(span: number): string {
  if (span < MINUTE) return `${Math.max(0, Math.round(span / 1000))} s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span >= 2 * DAY) return `${Math.floor(span / DAY)} days`;
  const minutes = Math.floor((span % HOUR) / MINUTE);
  return `${Math.floor(span / HOUR)} h${minutes ? ` ${minutes} min` : ''}`;
}

/** `3 Jan`, or `3 Jan 2025` in another year. */
export function dateOf(at: number, now: number): string {
  return (new Date(at).getFullYear() === new Date(now).getFullYear() ? shortDate : yearDate).format(at);
}

/** `84 kB`, `1.2 MB`. */
export function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A count that fits a badge. */
export function badgeOf(count: number, most = 99): string {
  return count > most ? `${most}+` : String(count);
}

/** A count that may be large, in few characters: `27`, `1.2k`, `100k`. */
export function compactOf(count: number): string {
  if (count < 1000) return String(count);
  const thousands = count / 1000;
  return `${thousands < 10 ? Math.floor(thousands * 10) / 10 : Math.floor(thousands)}k`;
}

export function firstName(name: string): string {
  return name.split(' ')[0] ?? name;
}
