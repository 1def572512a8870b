/** The thread as it is drawn: days, events, and messages of one side grouped. Pure. */
import type { Entry, File } from '../../../client/frames';
import type { Pending } from '../../../client/pending';

export interface Item {
  /** The client id where there is one: an echo and its entry are the same line on the screen. */
  key: string;
  at: number;
  text: string;
  html?: string | undefined;
  files: File[];
  entry?: Entry;
  pending?: Pending;
}
export interface Group {
  is: 'group';
  key: string;
  mine: boolean;
  name: string;
  items: Item[];
}
export type Line =
  Group | { is: 'day'; key: string; at: number } | { is: 'event'; key: string; entry: Entry };

const TOGETHER_WITHIN = 5 * 60_000;

function ofEntry(entry: Entry): Item {
  const { text = '', html, files = [], at } = entry;
  return {
    key: entry.by === 'customer' && entry.id ? entry.id : `s${entry.seq}`,
    at,
    text,
    html,
    files,
    entry,
  };
}

function ofPending(pending: Pending): Item {
  const text = pending.frame.t === 'close' ? '' : (pending.frame.text ?? '');
  return {
    key: pending.frame.id,
    at: pending.at,
    text,
    files: (pending.note as File[] | undefined) ?? [],
    pending,
  };
}

export function linesOf(entries: readonly Entry[], echoes: readonly Pending[]): Line[] {
  const out: Line[] = [];
  let day = '';
  const turnDay = (at: number, key: string | number): void => {
    const next = new Date(at).toDateString();
    if (next !== day) out.push({ is: 'day', key: `d${key}`, at });
    day = next;
  };
  for (const entry of entries) {
    turnDay(entry.at, entry.seq);
    if (entry.kind === 'event') out.push({ is: 'event', key: `s${entry.seq}`, entry });
    else add(out, ofEntry(entry), entry.by === 'customer', entry.name ?? '');
  }
  for (const pending of echoes) {
    turnDay(Math.max(pending.at, entries.at(-1)?.at ?? 0), pending.frame.id);
    add(out, ofPending(pending), true, '');
  }
  return out;
}

function add(out: Line[], item: Item, mine: boolean, name: string): void {
  const last = out.at(-1);
  const before = last?.is === 'group' ? last.items.at(-1)! : undefined;
  const joins = last?.is === 'group' && last.mine === mine && (mine || last.name === name);
  if (joins && item.at - before!.at < TOGETHER_WITHIN) last.items.push(item);
  else out.push({ is: 'group', key: `g${item.key}`, mine, name, items: [item] });
}
