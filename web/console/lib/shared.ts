/** What customers share, in words and numbers that can be trusted to be such. Pure. */
import type { Shared } from '../../client/frames';

export interface Place {
  title: string;
  address: string;
  /** `59.91390, 10.75220`, or '' when the numbers are none. */
  point: string;
  map: string;
}

export function placeOf(shared: Shared): Place {
  const { lat, lon } = shared;
  const title = shared.name || (shared.address ? shared.address : 'Location');
  const address = shared.name && shared.address ? shared.address : '';
  if (!Number.isFinite(lat) || !Number.isFinite(lon) || Math.abs(lat!) > 90 || Math.abs(lon!) > 180)
    return { title, address, point: '', map: '' };
  const [north, east] = [lat!.toFixed(5), lon!.toFixed(5)];
  const map = `https://www.openstreetmap.org/?mlat=${north}&mlon=${east}#map=16/${north}/${east}`;
  return { title, address, point: `${north}, ${east}`, map };
}

export interface SharedContact {
  name: string;
  phones: { shown: string; dial: string }[];
  emails: string[];
}

export function contactsOf(shared: Shared): SharedContact[] {
  return (shared.contacts ?? []).map((contact) => ({
    name: contact.name || 'A contact without a name',
    phones: (contact.phones ?? []).map((shown) => ({ shown, dial: shown.replace(/[^\d+]/g, '') })),
    emails: contact.emails ?? [],
  }));
}

const KINDS: Record<string, string> = {
  order: 'an order',
  poll: 'a poll',
  poll_creation: 'a poll',
  event: 'an event',
  interactive: 'an answer to a form',
  nfm_reply: 'an answer to a form',
  ephemeral: 'a message that disappears',
  view_once: 'a message to be seen once',
};

/** `type` is the service's own word; it may be anything. */
export function unsupportedWords(type: string | undefined): string {
  const known = KINDS[type ?? ''];
  const other = type && type !== 'unsupported' && type !== 'unknown' ? ` (${type})` : '';
  return known
    ? `The customer sent ${known}, which cannot be shown here.`
    : `The customer sent something that cannot be shown here${other}. Ask them to write it.`;
}

const COMING: Record<string, string> = {
  image: 'Picture',
  video: 'Video',
  audio: 'Sound',
  voice: 'Voice message',
  document: 'Document',
  sticker: 'Sticker',
};

/** A file that is not here: `Picture`, `Voice message`. */
export function kindWord(kind: string): string {
  return COMING[kind] ?? 'File';
}
