/** Shapes of docs/protocol.md, version 1. Times are milliseconds since the epoch, UTC. */

import type { Coming, Delivery, SentTemplate, Shared } from './services';

export type * from './answers';
export type * from './services';

export const PROTOCOL = 1;
export const MAX_TEXT = 10_000;
export const MAX_FILES = 10;
export const MAX_HAVE = 100;

export type Side = 'customer' | 'agent';

export interface File {
  id: string;
  name: string;
  size: number;
  type: string;
  width?: number;
  height?: number;
  preview?: boolean;
}

/** The message that another one quotes, and how it begins (CHAT-12). */
export interface Quote {
  seq: number;
  by: Side | 'system';
  name: string;
  text: string;
}

/** A message that came by e-mail, for staff (CHANNEL-4). `path`: where the whole mail is read. */
export interface Mail {
  from: string;
  subject: string;
  path: string;
  /** There is more of it than the text: history, a signature. */
  more?: boolean;
  html?: boolean;
  /** What our mail server says of the sender. */
  check?: 'pass' | 'fail';
  notes?: string[];
}

export type EventName =
  | 'started'
  | 'queued'
  | 'assigned'
  | 'requeued'
  | 'closed'
  | 'revived'
  | 'ticket'
  | 'accepted'
  | 'passed'
  | 'transferred'
  | 'given'
  | 'merged'
  | 'approached'
  | 'greeted'
  | 'department'
  | 'labels';

export interface EntryEvent {
  name: EventName | (string & {});
  [field: string]: unknown;
}

/** One numbered line of a thread. `prev` is given to visitors only: the entry before it that they may see. */
export interface Entry {
  seq: number;
  /** A comment is for staff alone, and its text is gone once the chat is closed (TEAM-5). */
  kind: 'message' | 'event' | 'comment' | 'page';
  by: Side | 'system';
  at: number;
  prev?: number;
  by_id?: number;
  name?: string;
  text?: string;
  html?: string;
  files?: File[];
  quote?: Quote;
  mail?: Mail;
  event?: EntryEvent;
  /** For staff: a page the customer opened while chatting. */
  page?: { url: string; title?: string };
  /** Staff named in a comment. */
  mentions?: number[];
  /** The channel it went out over; then it has `delivery` instead of marks. */
  via?: string;
  delivery?: Delivery;
  template?: SentTemplate;
  shared?: Shared;
  coming?: Coming[];
  id?: string;
  read_at?: number;
}

export type State =
  'queued' | 'offered' | 'live' | 'pending' | 'closed' | 'unassigned' | 'assigned' | 'archived';
export type Kind = 'chat' | 'ticket';

export interface RowCustomer {
  id: number;
  name: string;
  online?: boolean;
}

export interface Seen {
  seq: number;
  count: number;
}

/** A transfer under way (LIFE-14): to an agent, or to a department whose first answer wins. */
export interface Transfer {
  by: number;
  at: number;
  to?: number | null;
  department?: number | null;
  note?: string;
}
export type Sentiment = 'negative' | 'neutral' | 'positive';

/** A conversation as a card of a list. `id` is its number. Fields equal to their default are absent. */
export type Priority = 'low' | 'normal' | 'high' | 'urgent';

export interface Row {
  id: number;
  kind: Kind;
  state: State;
  channel: string;
  customer: RowCustomer;
  site: number | null;
  created_at: number;
  state_at: number;
  last_seq: number;
  last_customer_seq: number;
  last_agent_seq: number;
  customer_messages: number;
  agent_messages: number;
  preview: string;
  preview_by: string;
  delivered: number;
  read: number;
  department?: number | null;
  owner?: number | null;
  labels?: number[];
  last_customer_at?: number | null;
  last_agent_at?: number | null;
  waiting_since?: number | null;
  closed_at?: number | null;
  closed_by?: string | null;
  closed_by_id?: number | null;
  close_reason?: string | null;
  sentiment?: Sentiment | null;
  closing_tag?: number | null;
  flagged_at?: number | null;
  offered_to?: number | null;
  offered_at?: number | null;
  transfer?: Transfer | null;
  comments?: number;
  mentioned?: number[];
  linked_to?: number | null;
  subject?: string;
  priority?: Priority;
  due_at?: number | null;
  new?: boolean;
  seen?: Seen;
  gone?: boolean;
}

export interface SideMarks {
  delivered: number;
  read: number;
}

export interface BothMarks {
  customer: SideMarks;
  agent: SideMarks;
}

export interface QueuePlace {
  position: number;
  wait: number | null;
}

/** A conversation as its customer sees it; `delivered` and `read` are the agents' marks. */
export interface VisitorView {
  c: number;
  kind: Kind;
  state: State;
  last_seq: number;
  unread: number;
  delivered: number;
  read: number;
  agent?: { name: string } | null;
  department?: number | null;
  queue?: QueuePlace | null;
  closed_at?: number | null;
  merged_into?: number | null;
}

export interface Hello {
  t: 'hello';
  v: number;
  token?: string;
  have?: Record<string, number>;
}
export interface Send {
  t: 'send';
  id: string;
  c: number;
  text?: string;
  html?: string;
  files?: string[];
  seen?: number;
  quote?: number;
}
export interface Start {
  t: 'start';
  id: string;
  text?: string;
  files?: string[];
  name?: string;
  email?: string;
  department?: number;
  fields?: Record<string, string>;
  /** The site's greeting that this answers. */
  greeting?: string;
}
export interface Close {
  t: 'close';
  id: string;
  c: number;
}
export type ClientFrame =
  | Hello
  | Send
  | Start
  | Close
  | { t: 'watch'; c: number; since?: number }
  | { t: 'unwatch'; c: number }
  | { t: 'follow'; all: boolean }
  | { t: 'follow_visitors'; on: boolean }
  | { t: 'delivered'; c: number; seq: number }
  | { t: 'read'; c: number; seq: number }
  | { t: 'typing'; c: number; on: boolean; text?: string }
  | { t: 'ping' }
  | { t: 'pong' };

export interface Ready {
  t: 'ready';
  v: number;
  conn: string;
  node: string;
  now: number;
  heartbeat: number;
  c?: number;
  /** What is typed is shown to the team at once, and the widget must say so (CHAT-11). */
  typing_preview?: boolean;
}
export interface EntryFrame {
  t: 'entry';
  c: number;
  e: Entry;
  s?: Row;
  view?: VisitorView;
}
export interface Resumed {
  t: 'resumed';
  c: number;
  entries: Entry[];
  marks: BothMarks;
  s?: Row;
  view?: VisitorView;
}
export interface Gap {
  t: 'gap';
  c: number;
  have: number;
  head: number;
}
export interface Ack {
  t: 'ack';
  id: string;
  c: number;
  seq: number;
  at: number;
  dup?: boolean;
}
export interface Nack {
  t: 'nack';
  id: string;
  code: string;
  text: string;
  retry?: number;
}
export interface MarksFrame {
  t: 'marks';
  c: number;
  by: Side;
  delivered: number;
  read: number;
  at: number;
}
/** To staff: message `seq`, which went out over a channel, stands so now. */
export interface DeliveryFrame {
  t: 'delivery';
  c: number;
  seq: number;
  d: Delivery;
}
export interface TypingFrame {
  t: 'typing';
  c: number;
  by: Side;
  name?: string;
  on: boolean;
  text?: string;
}
/** A browser that is on a site now; it names nobody. `chat`: its open chat. */
export interface LiveVisitor {
  id: number;
  site: number;
  url: string;
  title: string;
  page_at: number;
  started_at: number;
  pages: number;
  visits: number;
  referrer: string;
  locale: string;
  zone: string;
  device: string;
  chat?: number;
  owner?: number;
}
/** What one person was told (TEAM-6): `c` is the conversation, `customer` whose it is. */
export interface Notice {
  id: number;
  kind: string;
  c: number;
  customer: string;
  data: Record<string, unknown>;
  at: number;
  read?: boolean;
}
export interface Bye {
  t: 'bye';
  code: number;
  text: string;
  after: number;
}
export type ServerFrame =
  | Ready
  | EntryFrame
  | Resumed
  | Gap
  | Ack
  | Nack
  | { t: 'row'; s: Row }
  | MarksFrame
  | DeliveryFrame
  | { t: 'seen'; c: number; seq: number; count: number }
  | TypingFrame
  | { t: 'queue'; c: number; position: number; wait: number | null }
  | { t: 'presence'; staff: { id: number; online: boolean }[] }
  | { t: 'customers'; on: number[]; off?: number[]; all?: boolean }
  | { t: 'visitors'; count: number; rows: LiveVisitor[]; gone: number[]; all?: boolean }
  | { t: 'availability'; available: boolean }
  | { t: 'notice'; n: Notice }
  | { t: 'notices_read'; ids: number[] }
  | { t: 'changed'; what: string[] }
  | { t: 'ping' }
  | { t: 'pong' }
  | { t: 'error'; code: string; text: string; c?: number }
  | Bye;

/** A fresh id for a send, start or close. Works without a secure context, where randomUUID does not exist. */
export function clientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
