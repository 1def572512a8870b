/**
 * Unsent work of one sender: queued -> sent -> acked (gone) | failed. Pure; outbox.ts is the shell.
 * Every try uses the same client id, so sending twice is once (docs/protocol.md, promise 2).
 * At most one item per conversation is in flight: what a person wrote arrives in the order written.
 */
import type { Ack, Close, Nack, Send, Start } from './frames';

export const MAX_PENDING = 200;
/** No answer for so long (ms) on a live socket: send again. */
export const ANSWER_WITHIN = 15_000;

export type PendingState = 'queued' | 'sent' | 'failed';

/** A send whose conversation is not known yet waits behind its `start`. */
export type SendLater = Omit<Send, 'c'> & { c: number | null };

export interface Pending {
  readonly frame: SendLater | Start | Close;
  /** Kept for the screen: file names and such; never sent. */
  readonly note?: unknown;
  readonly at: number;
  readonly state: PendingState;
  readonly tries: number;
  /** Not before this time (ms): the server asked to wait. */
  readonly after: number;
  readonly error?: { code: string; text: string };
}

export type Line = readonly Pending[];

export function queue(line: Line, frame: Pending['frame'], at: number, note?: unknown): Line {
  if (line.length >= MAX_PENDING) throw new RangeError(`more than ${MAX_PENDING} unsent messages`);
  if (line.some((item) => item.frame.id === frame.id)) return line;
  return [...line, { frame, note, at, state: 'queued', tries: 0, after: 0 }];
}

/** Which line of one's own an item stands in: a conversation, or the one that is being started. */
function place(item: Pending): number {
  return item.frame.t === 'start' ? 0 : (item.frame.c ?? 0);
}

function sendable(item: Pending): boolean {
  return item.frame.t === 'start' || item.frame.c !== null;
}

/** The items to send now, in order: the first unfinished one of each conversation, if its time has come. */
export function due(line: Line, now: number): Pending[] {
  const blocked = new Set<number>();
  const ready: Pending[] = [];
  for (const item of line) {
    if (item.state === 'failed' || blocked.has(place(item))) continue;
    blocked.add(place(item));
    const waits = item.state === 'sent' ? item.after > now : item.after > now || !sendable(item);
    if (!waits) ready.push(item);
  }
  return ready;
}

/** When `due` will next have something by time alone, or null. */
export function nextDue(line: Line, now: number): number | null {
  const times = line.filter((item) => item.state !== 'failed' && item.after > now).map((item) => item.after);
  return times.length ? Math.min(...times) : null;
}

function change(line: Line, id: string, to: (item: Pending) => Pending): Line {
  return line.map((item) => (item.frame.id === id ? to(item) : item));
}

export function sent(line: Line, id: string, now: number): Line {
  return change(line, id, (item) => ({
    ...item,
    state: 'sent',
    tries: item.tries + 1,
    after: now + ANSWER_WITHIN,
  }));
}

/** Durable: the item leaves. What waited behind a start now knows its conversation. */
export function acked(line: Line, ack: Pick<Ack, 'id' | 'c'>): Line {
  const item = line.find((one) => one.frame.id === ack.id);
  const rest = line.filter((one) => one.frame.id !== ack.id);
  if (item?.frame.t !== 'start') return rest;
  return rest.map((one) =>
    one.frame.t === 'send' && one.frame.c === null ? { ...one, frame: { ...one.frame, c: ack.c } } : one,
  );
}

export function nacked(line: Line, nack: Pick<Nack, 'id' | 'code' | 'text' | 'retry'>, now: number): Line {
  return change(line, nack.id, (item) =>
    nack.retry === undefined
      ? { ...item, state: 'failed', after: 0, error: { code: nack.code, text: nack.text } }
      : { ...item, state: 'queued', after: now + nack.retry },
  );
}

/** The socket is gone: what was in flight is sent again on the next one. */
export function cut(line: Line): Line {
  return line.map((item) => (item.state === 'sent' ? { ...item, state: 'queued', after: 0 } : item));
}

/** A person asked to try a failed one again: same id. */
export function retry(line: Line, id: string): Line {
  return change(line, id, (item) => {
    if (item.state !== 'failed') return item;
    const { error: _error, ...rest } = item;
    return { ...rest, state: 'queued', after: 0 };
  });
}

export function drop(line: Line, id: string): Line {
  return line.filter((item) => item.frame.id !== id);
}
