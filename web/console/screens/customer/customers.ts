import type { Past } from '../../../client/frames';

/** Answer of GET /api/customers/{id}. */
export interface Profile {
  id: number;
  name: string;
  email: string;
  email_verified: boolean;
  emails: { email: string; verified: boolean }[];
  phone: string;
  company: string;
  locale: string;
  labels: number[];
  fields: Record<string, string>;
  blocked_until: number | null;
  created_at: number;
  conversations: Past[];
}

/** A customer in a list; `last`: the number of their newest conversation. */
export interface Found {
  id: number;
  name: string;
  email: string;
  email_verified: boolean;
  company: string;
  conversations: number;
  last: number | null;
}

/** What would move with a customer. */
export interface Moves {
  conversations: number;
  open: number;
  notes: number;
  browsers: number;
  emails: number;
}

export const nameOf = (customer: { id: number; name: string }) => customer.name || `Visitor ${customer.id}`;
