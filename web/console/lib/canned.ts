/** Canned replies: what was typed after `/`, which ones fit, and their placeholders (CHAT-10). Pure. */

export interface CannedReply {
  id: number;
  /** This person's own; else shared. */
  own: boolean;
  shortcut: string;
  text: string;
  html: string | null;
  /** Of shared ones: for agents of these departments; none: for everybody. */
  departments: number[];
}

const LONGEST = 40;

/** The words after a `/` that begins a word just before the caret, and how long they are with it; else null. */
export function slashAt(before: string): { words: string; length: number } | null {
  const found = /(?:^|\s)\/((?:[^\s/]+(?: [^\s/]*){0,3})?)$/.exec(before);
  const words = found?.[1];
  return words === undefined || words.length > LONGEST ? null : { words, length: words.length + 1 };
}

function rank(reply: CannedReply, wanted: string): number {
  const shortcut = reply.shortcut.toLowerCase();
  if (!wanted) return 0;
  if (shortcut === wanted) return 0;
  if (shortcut.startsWith(wanted)) return 1;
  if (shortcut.includes(wanted)) return 2;
  const at = reply.text.toLowerCase().indexOf(wanted);
  if (at < 0) return -1;
  return at === 0 || /\s/.test(reply.text[at - 1]!) ? 3 : 4;
}

/** Those that fit, best first: by the shortcut, then by the text; those of the chat's department before others. */
export function matching(
  replies: readonly CannedReply[],
  words: string,
  department: number | null,
): CannedReply[] {
  const wanted = words.trim().toLowerCase();
  const near = (one: CannedReply) => (department !== null && one.departments.includes(department) ? 0 : 1);
  return replies
    .map((reply) => ({ reply, rank: rank(reply, wanted) }))
    .filter((one) => one.rank >= 0)
    .sort(
      (a, b) =>
        a.rank - b.rank ||
        near(a.reply) - near(b.reply) ||
        Number(b.reply.own) - Number(a.reply.own) ||
        a.reply.shortcut.localeCompare(b.reply.shortcut),
    )
    .map((one) => one.reply);
}

export const PLACEHOLDERS: readonly [string, string][] = [
  ['customer.name', 'the customer’s name'],
  ['customer.first_name', 'the first word of it'],
  ['customer.email', 'the customer’s e-mail address'],
  ['agent.name', 'your name'],
  ['agent.first_name', 'the first word of it'],
  ['number', 'the number of the chat or ticket'],
  ['department', 'its department'],
];
export type Values = Readonly<Record<string, string>>;

const PLACE = /( ?)\{([a-z][a-z_.]{0,39})(?:\|([^{}\n]{0,60}))?\}/g;

/**
 * Placeholders filled in once; what comes out is text and is not looked at again. A value that is not known gives way to
 * what stands after `|`, or goes with the space before it; a placeholder that does not exist stays as it is.
 */
export function fill(text: string, values: Values): string {
  return text.replace(PLACE, (whole, space: string, name: string, otherwise: string | undefined) => {
    if (!Object.hasOwn(values, name)) return whole;
    const value = values[name] || otherwise;
    return value ? space + value : '';
  });
}

/** The names of placeholders that do not exist, each once. */
export function unknownIn(text: string): string[] {
  const known = new Set(PLACEHOLDERS.map(([name]) => name));
  const named = [...text.matchAll(PLACE)].map((match) => match[2]!);
  return [...new Set(named.filter((name) => !known.has(name)))];
}

export function valuesOf(about: {
  customer: { name: string; email?: string };
  agent: string;
  number: number;
  department: string;
}): Values {
  const first = (name: string) => name.trim().split(/\s+/)[0] ?? '';
  return {
    'customer.name': about.customer.name,
    'customer.first_name': first(about.customer.name),
    'customer.email': about.customer.email ?? '',
    'agent.name': about.agent,
    'agent.first_name': first(about.agent),
    number: String(about.number),
    department: about.department,
  };
}
