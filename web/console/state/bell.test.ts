import { beforeEach, afterEach, expect, test, vi } from 'vitest';
import type { Notice } from '../../client/frames';
import { Api } from '../../client/http';
import { Bell } from './bell.svelte';

const told = (id: number, change: Partial<Notice> = {}): Notice => ({
  id,
  kind: 'mention',
  c: 7,
  customer: 'Marta',
  data: { who: 'Bruno' },
  at: id,
  ...change,
});

/** The server's list, newest first; only the network is replaced. `during` happens while an answer is on its way. */
let stored: Notice[];
let sent: unknown[];
let during: (() => void) | undefined;
const bell = () => new Bell(new Api(() => ({})));

beforeEach(() => {
  [stored, sent, during] = [[], [], undefined];
  vi.stubGlobal('fetch', async (path: string, { body }: { body?: string }) => {
    if (path.endsWith('/read')) {
      sent.push(JSON.parse(body!));
      return new Response('{"unread": 0}');
    }
    const before = Number(new URL(path, 'http://x').searchParams.get('before') ?? Infinity);
    const found = stored.filter((one) => one.id < before);
    const unread = stored.filter((one) => !one.read).length;
    const next = found.length > 2 ? found[1]!.id : null;
    const answer = JSON.stringify({ notices: found.slice(0, 2), unread, next });
    during?.();
    return new Response(answer);
  });
});
afterEach(() => vi.unstubAllGlobals());

test('What comes in is counted once and stands in its order, whatever order it came in.', async () => {
  const one = bell();
  expect([one.told(told(4)), one.told(told(9)), one.told(told(4)), one.told(told(5))]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect([one.shown.map((each) => each.id), one.unread]).toEqual([[9, 5, 4], 3]);
});

test('Each reading is counted once, also of what is not shown.', async () => {
  stored = [told(9), told(8), told(7), told(6)];
  const one = bell();
  await one.load();
  one.wasRead([9, 6]);
  expect(one.unread).toBe(2);
  one.wasRead([9]);
  expect([one.unread, one.shown.map((each) => each.read ?? false)]).toEqual([2, [true, false]]);
});

test('What happens while the list is on its way is in the list that is shown.', async () => {
  stored = [told(8)];
  const one = bell();
  during = () => {
    during = undefined;
    stored = [told(9), told(8, { read: true })];
    one.told(told(9));
    one.wasRead([8]);
  };
  await one.load();
  expect([one.unread, one.shown.map((each) => each.id)]).toEqual([1, [9, 8]]);
});

test('Older ones are added below, each once, and stay when the list is read again.', async () => {
  stored = [told(9), told(8), told(7), told(6), told(5)];
  const one = bell();
  await one.load();
  await one.more();
  expect([one.shown.map((each) => each.id), one.next]).toEqual([[9, 8, 7, 6], 6]);
  stored = [told(10), ...stored];
  await one.load();
  expect([one.shown.map((each) => each.id), one.next]).toEqual([[10, 9, 8, 7, 6], 6]);
});

test('After so many new ones that there is a hole the list begins anew.', async () => {
  stored = [told(3), told(2), told(1)];
  const one = bell();
  await one.load();
  stored = [told(9), told(8), told(7), ...stored];
  await one.load();
  expect([one.shown.map((each) => each.id), one.next]).toEqual([[9, 8], 8]);
});

test('Looking at a chat reads what was told of it, and asks nothing when nothing was.', async () => {
  stored = [told(9, { c: 12 }), told(8, { read: true })];
  const one = bell();
  await one.load();
  one.looked(7);
  one.looked(12);
  await vi.waitFor(() => expect(sent).toEqual([{ c: 12 }]));
});
