/** Stored words in plain English. Unknown ones are shown as they are: a newer server may know more. */
import type { Row } from '../../client/frames';

const BY: Record<string, string> = { customer: 'the customer', agent: 'the agent', system: 'the system' };
const WHY: Record<string, string> = {
  inactivity: 'no answer for long',
};
const STATE: Record<string, string> = {
  queued: 'In the queue',
  offered: 'Offered',
  live: 'Live',
  pending: 'Pending',
  closed: 'Closed',
  unassigned: 'Unassigned',
  assigned: 'Assigned',
  archived: 'Archived',
};
const CHANNEL: Record<string, string> = { web: 'Web', whatsapp: 'WhatsApp', email: 'E-mail' };

/** `Closed by the customer · no answer for long` (LIFE-9); `name` is the agent's, if it was one. */
export function closedWords(row: Pick<Row, 'closed_by' | 'close_reason'>, name = ''): string {
  const who = row.closed_by === 'agent' && name ? name : (BY[row.closed_by ?? ''] ?? row.closed_by);
  const by = row.closed_by ? `Closed by ${who}` : 'Closed';
  const why =
    row.close_reason && row.close_reason !== 'by hand' ? (WHY[row.close_reason] ?? row.close_reason) : '';
  return why ? `${by} · ${why}` : by;
}

export function stateWord(state: string): string {
  return STATE[state] ?? state;
}

const FEELING: Record<string, string> = { negative: 'Negative', neutral: 'Neutral', positive: 'Positive' };

export function sentimentWord(sentiment: string): string {
  return FEELING[sentiment] ?? sentiment;
}

const CLOSER: Record<string, string> = { customer: 'The customer', agent: 'An agent', system: 'The system' };

export function closerWord(by: string): string {
  return CLOSER[by] ?? by;
}

export function channelWord(channel: string): string {
  return CHANNEL[channel] ?? channel;
}

/** `+491512345678` of `491512345678`: digits as a service gives them get their +; what people typed stays as it is. */
export function phoneWord(phone: string): string {
  return /^\d{7,15}$/.test(phone) ? `+${phone}` : phone;
}
