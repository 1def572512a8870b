/** How it stands with a message of ours, and in words: by the customer's marks, or by what its channel says. Pure. */
import type { BothMarks, Delivery, Entry } from '../../client/frames';
import { tick } from '../../client/thread';
import type { TickState } from '../../ui/ticks';
import { momentOf } from './format';

const WAITS: Delivery = { state: 'waiting', at: 0 };

/** What the channel says of a message; null for one that goes by itself. `newer`: what came since the entry did. */
export function deliveryOf(entry: Entry, newer: ReadonlyMap<number, Delivery>): Delivery | null {
  if (!entry.via) return null;
  return newer.get(entry.seq) ?? entry.delivery ?? WAITS;
}

export function tickOf(entry: Entry, delivery: Delivery | null, marks: BothMarks): TickState {
  if (!delivery) return tick(entry, marks);
  return delivery.state === 'sent' ? 'stored' : delivery.state;
}

/** What pointing at the ticks says. `label`: the channel's name. */
export function tickWords(
  state: TickState,
  about: { label?: string | undefined; readAt?: number | undefined; now: number },
): string {
  const { label, readAt, now } = about;
  switch (state) {
    case 'sending':
      return label ? `On its way to ${label}…` : 'Sending…';
    case 'waiting':
      return label ? `Waits to be sent to ${label}` : 'Waits to be sent';
    case 'stored':
      return label ? `${label} has it, not delivered yet` : 'Sent, not delivered yet';
    case 'delivered':
      return 'Delivered, not read yet';
    case 'read':
      return readAt ? `Read ${momentOf(readAt, now)}` : 'Read';
    case 'failed':
      return 'Not delivered';
    case 'unknown':
      return `${label ?? 'The channel'} did not say whether this arrived`;
  }
}

/** WhatsApp's own code for: outside the window of 24 hours, only templates. */
export const WINDOW_CODE = 131047;
