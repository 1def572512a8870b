/** One conversation's entries as a client holds them. Pure: every function returns a new value. */
import type { BothMarks, Entry, MarksFrame, Side } from './frames';
import type { Line, Pending } from './pending';

/** Who looks: visitors see numbers skip and follow `prev`; staff see every number. */
export type Viewer = 'visitor' | 'staff';

export interface Thread {
  readonly viewer: Viewer;
  /** Ascending by seq, each once. */
  readonly entries: readonly Entry[];
  readonly marks: BothMarks;
  /** Older entries exist on the server. */
  readonly more: boolean;
}

export const NO_MARKS: BothMarks = { customer: { delivered: 0, read: 0 }, agent: { delivered: 0, read: 0 } };

export function emptyThread(viewer: Viewer): Thread {
  return { viewer, entries: [], marks: NO_MARKS, more: false };
}

/** Puts entries in, each once, in order; a later copy of an entry replaces the earlier one. */
export function merge(thread: Thread, incoming: readonly Entry[], more?: boolean): Thread {
  const entries = insert(thread.entries, incoming);
  if (entries === thread.entries && (more === undefined || more === thread.more)) return thread;
  return { ...thread, entries, more: more ?? thread.more };
}

function insert(held: readonly Entry[], incoming: readonly Entry[]): readonly Entry[] {
  const last = held.at(-1)?.seq ?? 0;
  if (incoming.length === 0) return held;
  if (incoming.length === 1 && incoming[0]!.seq > last) return [...held, incoming[0]!];
  const bySeq = new Map(held.map((entry) => [entry.seq, entry]));
  for (const entry of incoming) bySeq.set(entry.seq, entry);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

function follows(viewer: Viewer, before: Entry, entry: Entry): boolean {
  return viewer === 'staff' ? entry.seq === before.seq + 1 : (entry.prev ?? before.seq) <= before.seq;
}

/** Up to which number nothing is missing (since the oldest entry held); 0 when empty. For `have` of hello. */
export function complete(thread: Thread): number {
  let before: Entry | undefined;
  for (const entry of thread.entries) {
    if (before && !follows(thread.viewer, before, entry)) return before.seq;
    before = entry;
  }
  return before?.seq ?? 0;
}

export function head(thread: Thread): number {
  return thread.entries.at(-1)?.seq ?? 0;
}

/** The newest message of a side; 0 when there is none. What its reader's marks are about. */
export function newestOf(thread: Thread, side: Side): number {
  return thread.entries.findLast((entry) => isBy(entry, side))?.seq ?? 0;
}

/** The number to ask entries after, when some are missing in the middle; null when none are. */
export function hole(thread: Thread): number | null {
  const upTo = complete(thread);
  return upTo < head(thread) ? upTo : null;
}

/** Marks only move forward; late and repeated ones change nothing. */
export function mark(thread: Thread, marks: Pick<MarksFrame, 'by' | 'delivered' | 'read' | 'at'>): Thread {
  const old = thread.marks[marks.by];
  const read = Math.max(old.read, marks.read);
  const delivered = Math.max(old.delivered, marks.delivered, read);
  if (read === old.read && delivered === old.delivered) return thread;
  const entries = thread.entries.map((entry) =>
    read > old.read && isBy(entry, other(marks.by)) && entry.seq > old.read && entry.seq <= read
      ? { ...entry, read_at: entry.read_at ?? marks.at }
      : entry,
  );
  return { ...thread, entries, marks: { ...thread.marks, [marks.by]: { delivered, read } } };
}

export function withMarks(thread: Thread, marks: BothMarks): Thread {
  const join = (side: Side) => ({
    delivered: Math.max(thread.marks[side].delivered, marks[side].delivered),
    read: Math.max(thread.marks[side].read, marks[side].read),
  });
  return { ...thread, marks: { customer: join('customer'), agent: join('agent') } };
}

function other(side: Side): Side {
  return side === 'customer' ? 'agent' : 'customer';
}

function isBy(entry: Entry, side: Side): boolean {
  return entry.kind === 'message' && entry.by === side;
}

/** Without the texts of comments from before a close: they exist only while the chat is live (TEAM-5). */
export function wiped(thread: Thread): Thread {
  const closed = thread.entries.findLast((entry) => entry.event?.name === 'closed')?.seq ?? 0;
  const gone = (entry: Entry) => entry.kind === 'comment' && entry.seq < closed && !!entry.text;
  if (!thread.entries.some(gone)) return thread;
  const bare = ({ mentions: _mentions, ...entry }: Entry) => ({ ...entry, text: '' });
  return { ...thread, entries: thread.entries.map((entry) => (gone(entry) ? bare(entry) : entry)) };
}

export type Tick = 'stored' | 'delivered' | 'read';

/** How far the other side has got with a message of `entry.by`. */
export function tick(entry: Entry, marks: BothMarks): Tick {
  const reader = marks[entry.by === 'customer' ? 'agent' : 'customer'];
  if (entry.seq <= reader.read) return 'read';
  return entry.seq <= reader.delivered ? 'delivered' : 'stored';
}

/** Messages of one's own that are not among the entries yet, by client id (the local echo). */
export function echoes(thread: Thread, c: number | null, line: Line): Pending[] {
  const landed = new Set(thread.entries.map((entry) => entry.id).filter((id) => id !== undefined));
  return line.filter((item) => {
    if (item.frame.t === 'close' || landed.has(item.frame.id)) return false;
    return item.frame.t === 'start' ? c === null : item.frame.c === c || item.frame.c === null;
  });
}

/** How many answers the customer has not read yet. */
export function unread(thread: Thread): number {
  const { read } = thread.marks.customer;
  return thread.entries.filter((e) => e.kind === 'message' && e.by === 'agent' && e.seq > read).length;
}
