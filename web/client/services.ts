/** What a message has that goes or comes over somebody else's service (docs/protocol.md). */
import type { File } from './frames';

/** How far a message has got that went out over a channel. `code`: the channel's own; `error`: for people. */
export interface Delivery {
  state: 'waiting' | 'sending' | 'unknown' | 'sent' | 'delivered' | 'read' | 'failed';
  at: number;
  code?: number;
  error?: string;
}

/** A template as the customer sees it; its body is the entry's text. */
export interface SentTemplate {
  name: string;
  language: string;
  header?: { kind: string; text?: string; file?: File | string } | null;
  footer?: string | null;
  buttons?: string[];
}

/** What came over a channel and is neither text nor a file. An unknown kind is a newer server's. */
export interface Shared {
  kind?: 'location' | 'contacts' | 'unsupported' | 'referral' | 'choice' | (string & {});
  forwarded?: boolean;
  lat?: number;
  lon?: number;
  name?: string;
  address?: string;
  contacts?: { name: string; phones?: string[]; emails?: string[] }[];
  type?: string;
  /** The service's own words for why it cannot be shown. */
  why?: string;
  headline?: string;
  url?: string;
}

/** A file of a message that is still at the service. */
export interface Coming {
  kind: string;
  type?: string;
  name?: string;
}
