import { describe, expect, test } from 'vitest';
import { fill, matching, slashAt, unknownIn, valuesOf, type CannedReply } from './canned';

const reply = (id: number, shortcut: string, text: string, more: Partial<CannedReply> = {}): CannedReply => ({
  id,
  own: false,
  shortcut,
  text,
  html: null,
  departments: [],
  ...more,
});
const names = (found: CannedReply[]) => found.map((one) => one.shortcut);

describe('What was typed after the slash', () => {
  test.each([
    ['/', '', 1],
    ['/he', 'he', 3],
    ['Hello /ship to', 'ship to', 8],
  ])('%j asks for %j', (before, words, length) => expect(slashAt(before)).toEqual({ words, length }));

  test.each(['', 'and/or', 'https://x', '/a/b', '/ a', '/he\n', `/${'x'.repeat(41)}`])(
    '%j asks for nothing',
    (b) => expect(slashAt(b)).toBeNull(),
  );
});

describe('The list', () => {
  const all = [
    reply(1, 'bye', 'Thank you, and have a nice day'),
    reply(2, 'ship', 'It is on its way'),
    reply(3, 'shipping', 'We ship everywhere'),
    reply(4, 'reship', 'A new one is sent'),
    reply(5, 'days', 'It takes three days to ship'),
  ];
  test('The shortcut goes before the text, its beginning before its middle.', () =>
    expect(names(matching(all, 'ship', null))).toEqual(['ship', 'shipping', 'reship', 'days']));
  test('Any part of a text is found, in any case.', () =>
    expect(names(matching(all, 'NICE day', null))).toEqual(['bye']));
  test('What does not fit is left out.', () => expect(matching(all, 'refund', null)).toEqual([]));
  test('Those of the department come first, then one’s own.', () => {
    const own = [
      reply(1, 'a', ''),
      reply(2, 'b', '', { own: true }),
      reply(3, 'c', '', { departments: [7] }),
    ];
    expect(names(matching(own, '', 7))).toEqual(['c', 'b', 'a']);
  });
});

describe('Placeholders', () => {
  const values = valuesOf({
    customer: { name: '{number} <b>Marta</b> $& Holm' },
    agent: 'Ada',
    number: 7,
    department: '',
  });
  test('A value is put in as it is, and not looked at again.', () =>
    expect(fill('Hi {customer.name}, {agent.name} here: #{number}.', values)).toBe(
      'Hi {number} <b>Marta</b> $& Holm, Ada here: #7.',
    ));
  test('A missing one goes with its space, or gives way to the words after the bar.', () => {
    expect(fill('Our {department} team', values)).toBe('Our team');
    expect(fill('Our {department|sales} team', values)).toBe('Our sales team');
  });
  test('One that does not exist stays and is named.', () => {
    expect(fill('{constructor} {customer.phone} {{7*7}} ${x}', values)).toBe(
      '{constructor} {customer.phone} {{7*7}} ${x}',
    );
    expect(unknownIn('{customer.phone} {number} {customer.phone}')).toEqual(['customer.phone']);
  });
});
