/** What became of messages after they were written: events that name a message stand at it, not as lines of their own. Pure. */
import type { Coming, Entry, File } from '../../client/frames';

export interface Amended {
  /** The customer's reaction now. */
  emoji?: string;
  /** What it says now; `earlier` is what it said before, oldest first. */
  text?: string;
  earlier: string[];
  editedAt?: number;
  /** When the customer deleted it. */
  withdrawnAt?: number;
  /** Files that came later, each with the kind it was announced as. */
  files: { file: File; kind: string }[];
  /** Files that could not be fetched, and why. */
  missing: { coming: Coming; why: string }[];
  /** Files that are still on their way. */
  coming: Coming[];
}

const FOLDED = new Set(['reacted', 'edited', 'withdrawn', 'attached', 'not_attached']);
const NOTHING: readonly Coming[] = [];

function word(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function begin(entry: Entry): Amended {
  return { earlier: [], files: [], missing: [], coming: [...(entry.coming ?? NOTHING)] };
}

/** The place that was kept for a file of this kind, else the first one. */
function taken(to: Amended, kind: string): Coming {
  const at = Math.max(
    0,
    to.coming.findIndex((one) => one.kind === kind),
  );
  return to.coming.splice(at, 1)[0] ?? { kind: kind || 'file' };
}

function apply(to: Amended, original: Entry, amendment: Entry): void {
  const event = amendment.event!;
  switch (event.name) {
    case 'reacted':
      to.emoji = word(event.emoji);
      break;
    case 'edited':
      to.earlier.push(to.text ?? original.text ?? '');
      to.text = word(event.text);
      to.editedAt = amendment.at;
      break;
    case 'withdrawn':
      to.withdrawnAt = amendment.at;
      break;
    case 'attached':
      for (const file of (event.files as File[] | undefined) ?? [])
        to.files.push({ file, kind: taken(to, word(event.kind)).kind });
      break;
    case 'not_attached':
      to.missing.push({ coming: taken(to, word(event.kind)), why: word(event.why) });
  }
}

/** The lines that are drawn, and by number what became of messages. An event whose message is not here is older than the
 * page: it comes with it. */
export function folded(entries: readonly Entry[]): { lines: Entry[]; amended: ReadonlyMap<number, Amended> } {
  const amended = new Map<number, Amended>();
  const messages = new Map<number, Entry>();
  const lines: Entry[] = [];
  for (const entry of entries) {
    const { event } = entry;
    if (entry.kind === 'message') {
      messages.set(entry.seq, entry);
      if (entry.coming) amended.set(entry.seq, begin(entry));
    } else if (event && FOLDED.has(event.name)) {
      const message = messages.get(Number(event.seq));
      if (!message) continue;
      const to = amended.get(message.seq) ?? begin(message);
      apply(to, message, entry);
      amended.set(message.seq, to);
      continue;
    }
    lines.push(entry);
  }
  return { lines, amended };
}
