/** A thread as it is drawn: days, event lines, and groups of bubbles by one writer. Pure. */
import type { Entry, File, Quote } from '../../client/frames';
import type { Pending } from '../../client/pending';
import { sameDay } from './format';

/** A bubble: an entry, or an own message that the server has not acknowledged yet (`echo`). */
export interface Bubble {
  key: string;
  entry: Entry;
  echo?: Pending;
}
export type Item =
  | { type: 'day'; key: string; at: number }
  | { type: 'new'; key: string }
  | { type: 'event'; key: string; entry: Entry }
  | { type: 'pages'; key: string; entries: Entry[] }
  | { type: 'group'; key: string; side: 'customer' | 'agent'; name: string; bubbles: Bubble[] };

const TOGETHER = 5 * 60_000;

/** What is kept of an unsent reply for the screen. */
export interface Note {
  files: File[];
  quote: Quote | null;
}
export function noteOf(pending: Pending): Note {
  return { files: [], quote: null, ...(pending.note as Partial<Note> | undefined) };
}

/** An own reply as an entry before the server's own copy of it comes; null for what is no message. */
export function ownEntry(
  pending: Pending,
  me: { id: number; name: string },
): Omit<Entry, 'seq' | 'at'> | null {
  const { frame } = pending;
  if (frame.t !== 'send') return null;
  const { files, quote } = noteOf(pending);
  return {
    kind: 'message',
    by: 'agent',
    by_id: me.id,
    name: me.name,
    id: frame.id,
    ...(frame.text ? { text: frame.text } : {}),
    ...(frame.html ? { html: frame.html } : {}),
    ...(files.length ? { files } : {}),
    ...(quote ? { quote } : {}),
  };
}

/** Own unsent messages as entries at the end. */
export function echoBubbles(echoes: readonly Pending[], me: { id: number; name: string }): Bubble[] {
  return echoes.flatMap((echo) => {
    const own = ownEntry(echo, me);
    if (!own) return [];
    return [{ key: echo.frame.id, entry: { ...own, seq: Number.MAX_SAFE_INTEGER, at: echo.at }, echo }];
  });
}

function joins(item: Item | undefined, bubble: Bubble): item is Item & { type: 'group' } {
  if (item?.type !== 'group') return false;
  const last = item.bubbles[item.bubbles.length - 1]!.entry;
  const { entry } = bubble;
  return last.by === entry.by && last.by_id === entry.by_id && entry.at - last.at < TOGETHER;
}

/** `newAfter`: the last number seen before; a line stands before the customer's first message after it. */
export function itemsOf(bubbles: readonly Bubble[], newAfter: number | null): Item[] {
  const items: Item[] = [];
  let before: Entry | undefined;
  let marked = newAfter === null;
  for (const bubble of bubbles) {
    const { entry, key } = bubble;
    if (!before || !sameDay(before.at, entry.at))
      items.push({ type: 'day', key: `day-${key}`, at: entry.at });
    if (!marked && entry.seq > newAfter! && entry.by === 'customer' && entry.kind !== 'page') {
      marked = true;
      items.push({ type: 'new', key: 'new' });
    }
    const last = items[items.length - 1];
    if (entry.kind === 'event') items.push({ type: 'event', key, entry });
    else if (entry.kind === 'page') {
      if (last?.type === 'pages') last.entries.push(entry);
      else items.push({ type: 'pages', key: `pages-${key}`, entries: [entry] });
    } else if (joins(last, bubble)) last.bubbles.push(bubble);
    else {
      const side = entry.by === 'customer' ? 'customer' : 'agent';
      items.push({ type: 'group', key: `group-${key}`, side, name: entry.name ?? '', bubbles: [bubble] });
    }
    before = entry;
  }
  return items;
}

export function bubbleOf(entry: Entry): Bubble {
  return { key: entry.id ?? String(entry.seq), entry };
}
