/** What HTTP answers, by docs/protocol.md. Times are milliseconds since the epoch, UTC. */
import type { BothMarks, Entry, Kind, Row, State, VisitorView } from './frames';

export interface FormField {
  key: string;
  label: string;
  kind: string;
  need: boolean;
}
export type Ask = 'off' | 'ask' | 'need';

export interface WidgetSite {
  key: string;
  name: string;
  look: { color?: string; position?: 'right' | 'left'; launcher?: string };
  texts: Record<string, string>;
  form: { name: Ask; email: Ask; department: Ask; fields: FormField[] };
  departments: { id: number; name: string; available: boolean }[];
  locale: string;
  limits: { text: number; file_mb: number; files: number };
}

/** Answer of POST /api/widget/session. `open`: somebody can answer now; else why not, and when hours begin again. */
export interface Boot {
  token: string;
  site: WidgetSite;
  open: boolean;
  why: 'hours' | 'nobody' | null;
  opens_at: number | null;
  offline: 'form' | 'hidden';
  customer: { name: string; email: string };
  view: VisitorView | null;
  now: number;
}

export interface Entries {
  entries: Entry[];
  more: boolean;
}

export type Role = 'agent' | 'supervisor' | 'admin';

/** How somebody has left the lists. `filters` as in the address; `folded` are agents, 0 the queue, -1 what calls. */
export interface ListSettings {
  tab?: string;
  scope?: 'mine' | 'all';
  filters?: Record<string, string>;
  folded?: number[];
}

export interface Me {
  id: number;
  name: string;
  email: string;
  role: Role;
  available: boolean;
  online: boolean;
  settings: {
    live_sort?: 'activity' | 'new';
    theme?: 'system' | 'light' | 'dark';
    sound?: boolean;
    enter_sends?: boolean;
    /** Notifications that are off, as in `mention.bell`. */
    quiet?: string[];
    digest?: boolean;
    lists?: ListSettings | null;
  };
  departments: number[];
}

/** What this person may do now, as the server says; it decides again each time. */
export interface May {
  write: boolean;
  close: boolean;
  accept: boolean;
  flag: boolean;
  /** Mark a live chat pending, or take that back. */
  pend: boolean;
  transfer: boolean;
  answer_transfer: boolean;
  answer_offer: boolean;
  assign: boolean;
  comment: boolean;
  department: boolean;
  labels: boolean;
  /** Block the customer (BLOCK-1). */
  block: boolean;
  /** Create a linked ticket (TICKET-8). */
  link: boolean;
  why_not?: string;
  /** The address an answer goes to, when the conversation was closed too long ago for an ordinary one (LIFE-10). */
  by_mail?: string;
}

/** How the customer is reached over a channel that is somebody else's service (LIFE-10, LIFE-11). */
export interface Reach {
  channel: string;
  label: string;
  /** Until when ordinary text goes; null: they have not written yet, or there is no such end. */
  until: number | null;
  window_ms: number | null;
  /** The channel has templates. */
  templates: boolean;
  /** One may be sent now. */
  template: boolean;
  /** Our own number there, by its name. */
  account?: string;
  /** Why nothing goes out from it now; '' when it does. */
  trouble?: string;
}

/** A template's header, filled in with text or with a file of this kind. */
export interface TemplateHeader {
  kind: 'text' | 'image' | 'video' | 'document' | 'location' | (string & {});
  text?: string;
}

/** One that may be sent: GET /api/conversations/{c}/templates. */
export interface Template {
  id: number;
  name: string;
  language: string;
  category: string;
  header: TemplateHeader | null;
  body: string;
  footer: string | null;
  buttons: { kind: string; text: string; url?: string | null }[];
  variables: { key: string; example?: string; label?: string }[];
}

/** Answer of GET /api/conversations/{c}: the card, the whole customer and the newest entries. */
export interface Conversation extends Omit<Row, 'customer'> {
  customer: Customer;
  agents: { id: number; name: string; messages: number }[];
  may: May;
  close_note?: string;
  ratings?: Rating[];
  links: Link[];
  entries: Entry[];
  more: boolean;
  marks: BothMarks;
  reach?: Reach | null;
}

/** What the customer answered for the closing at entry `seq` (SUPERVISOR-4). */
export interface Rating {
  seq: number;
  kind: 'csat' | 'nps';
  score: number;
  comment: string;
  at: number;
}

/** A ticket made from this chat, or what this one was made from or went into (TICKET-8). */
export interface Link {
  id: number;
  kind: Kind;
  state: State;
  subject: string;
  owner: number | null;
}

/** A line of a customer's history; `owner` has it, or had it last. */
export interface Past {
  id: number;
  kind: Kind;
  state: State;
  at: number;
  preview: string;
  owner?: number | null;
  closed_at?: number | null;
}

export interface Customer {
  id: number;
  name: string;
  email?: string;
  phone?: string;
  email_verified?: boolean;
  company?: string;
  labels?: number[];
  /** The end of their running block. */
  blocked_until?: number | null;
  online?: boolean;
  conversations?: Past[];
  [field: string]: unknown;
}
