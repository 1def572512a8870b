/** Templates that may be sent: finding one, filling it in from the customer, how it then reads (CHANNEL-2). Pure. */
import type { Template } from '../../client/frames';
import { languageOf } from './pages';

export type Filled = Record<string, string>;

/** `English (United Kingdom)` of `en_GB`. */
export function languageWord(code: string): string {
  const tag = code.replace('_', '-');
  const word = languageOf(tag);
  return word === tag ? code : word;
}

/** `Utility` of `UTILITY`. */
export function categoryWord(category: string): string {
  return category.charAt(0).toUpperCase() + category.slice(1).toLowerCase();
}

/** `order_update` as people read it: `Order update`. */
export function nameWord(name: string): string {
  const words = name.replace(/_+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export interface Wanted {
  words: string;
  language: string;
  category: string;
}

/** Those that fit, the customer's own language first, then by name. */
export function matching(all: readonly Template[], wanted: Wanted, locale: string): Template[] {
  const words = wanted.words.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const own = locale.slice(0, 2).toLowerCase();
  const near = (one: Template) => (own && one.language.toLowerCase().startsWith(own) ? 0 : 1);
  return all
    .filter((one) => !wanted.language || one.language === wanted.language)
    .filter((one) => !wanted.category || one.category === wanted.category)
    .filter((one) => {
      const text = `${one.name} ${nameWord(one.name)} ${one.header?.text ?? ''} ${one.body}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort(
      (a, b) => near(a) - near(b) || a.name.localeCompare(b.name) || a.language.localeCompare(b.language),
    );
}

/** Each language or category once, in order. */
export function kindsOf(all: readonly Template[], of: 'language' | 'category'): string[] {
  return [...new Set(all.map((one) => one[of]))].sort();
}

const PLACE = /\{\{\s*([A-Za-z0-9_]{1,64})\s*\}\}/g;

/** A part's text with its places filled in; an empty one shows what belongs there. `part`: `body`, `header`, `button.0`. */
export function reading(text: string, part: string, template: Template, filled: Filled): string {
  return text.replace(PLACE, (whole, name: string) => {
    const key = `${part}.${name}`;
    const value = filled[key]?.trim();
    if (value) return value;
    const label = template.variables.find((one) => one.key === key)?.label;
    return label && !label.includes('{{') ? `‹${label}›` : whole;
  });
}

interface About {
  customer: { name: string; email?: string; phone?: string };
  agent: string;
  number: number;
}

const GREETS =
  /(?:^|[\s¡])(?:hi|hello|hey|dear|good (?:morning|evening|day)|hallo|liebe[r]?|guten tag|bonjour|hola|ciao|hei|hej)[\s,*_]*$/i;

function guess(key: string, template: Template, about: About): string {
  const first = about.customer.name.trim().split(/\s+/)[0] ?? '';
  const place = key.split('.').at(-1) ?? '';
  const [part = ''] = key.split('.');
  if (part === 'header' && template.header?.kind !== 'text') return '';
  if (/^\d+$/.test(place)) {
    const text = part === 'header' ? (template.header?.text ?? '') : part === 'body' ? template.body : '';
    const at = text.search(new RegExp(`\\{\\{\\s*${place}\\s*\\}\\}`));
    return at >= 0 && GREETS.test(text.slice(0, at)) ? first : '';
  }
  if (/agent|colleague|sender/i.test(place)) return about.agent;
  if (/first_?name|given_?name/i.test(place)) return first;
  if (/last_?name|sur_?name|family_?name/i.test(place))
    return about.customer.name.trim().split(/\s+/).slice(1).join(' ');
  if (/(^|customer_?|full_?|client_?)name$/i.test(place)) return about.customer.name;
  if (/e_?mail/i.test(place)) return about.customer.email ?? '';
  if (/phone/i.test(place)) return about.customer.phone ?? '';
  if (/^(ticket|chat|case|conversation)(_?(number|id))?$/i.test(place)) return String(about.number);
  return '';
}

/** What is known of the customer, put where a place asks for it; the rest is empty. */
export function prefilled(template: Template, about: About): Filled {
  return Object.fromEntries(template.variables.map(({ key }) => [key, guess(key, template, about)]));
}

/** What a place is called on the form. */
export function fieldWord(variable: Template['variables'][number]): string {
  if (variable.label) return variable.label;
  const [part, ...rest] = variable.key.split('.');
  const place = rest.at(-1) ?? '';
  const name = /^\d+$/.test(place) ? `{{${place}}}` : nameWord(place);
  return part === 'header' ? `${name} in the header` : part === 'button' ? `${name} of the button` : name;
}

export function missing(template: Template, filled: Filled): string[] {
  return template.variables.filter(({ key }) => !filled[key]?.trim()).map(({ key }) => key);
}

/** What a header takes instead of text, by its kind. */
export const HEADER_FILES: Record<string, { word: string; accept: string }> = {
  image: { word: 'picture', accept: 'image/jpeg,image/png' },
  video: { word: 'video', accept: 'video/mp4,video/3gpp' },
  document: { word: 'document', accept: '' },
};
