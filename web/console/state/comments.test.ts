import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Entry } from '../../client/frames';
import { Api } from '../../client/http';
import { emptyThread, merge, wiped, type Thread } from '../../client/thread';
import { Comments } from './comments.svelte';

const comment = (seq: number, by_id = 2, text = `Comment ${seq}`): Entry => ({
  seq,
  kind: 'comment',
  by: 'agent',
  by_id,
  at: seq,
  text,
});
const closed = (seq: number): Entry => ({
  seq,
  kind: 'event',
  by: 'agent',
  at: seq,
  event: { name: 'closed' },
});
const thread = (...entries: Entry[]): Thread => merge(emptyThread('staff'), entries);

/** The server, as one answer; only the network is replaced. */
let answer: { status: number; body: unknown };
let sent: { id: string; text: string }[];

beforeEach(() => {
  sent = [];
  vi.stubGlobal('fetch', async (_path: string, { body }: { body?: string }) => {
    if (body) sent.push(JSON.parse(body) as { id: string; text: string });
    return new Response(JSON.stringify(answer.body), { status: answer.status });
  });
});
afterEach(() => vi.unstubAllGlobals());

const commentsOf = (held: Thread) => new Comments(7, new Api(() => ({})), () => held);
const refusal = (status: number) => ({ status, body: { error: { code: 'x', text: 'Bruno is offline.' } } });

test('Comments are those of the thread and the older ones fetched, each once and in order.', async () => {
  const comments = commentsOf(thread(comment(8), comment(9)));
  answer = { status: 200, body: { comments: [comment(2), comment(8), comment(9)] } };
  await comments.load();
  expect(comments.list.map((entry) => entry.seq)).toEqual([2, 8, 9]);
});

test('Unread are those of others since one looked.', () => {
  const comments = commentsOf(thread(comment(3), comment(4, 1), comment(5)));
  comments.looked = 3;
  expect(comments.unread(1)).toBe(1);
  comments.look();
  expect(comments.unread(1)).toBe(0);
});

test('A close takes the texts of the comments before it, and not of those after it (TEAM-5).', () => {
  const held = wiped(thread(comment(3), closed(4), comment(6)));
  expect(held.entries.map((entry) => entry.text)).toEqual(['', undefined, 'Comment 6']);
  expect(commentsOf(held).list.map((entry) => entry.seq)).toEqual([6]);
});

test('A refused comment keeps its text and says why; the next try is another comment.', async () => {
  const comments = commentsOf(thread());
  comments.draft = 'Look @Bruno';
  answer = refusal(409);
  expect(await comments.post('Look @Bruno', [2])).toBeNull();
  expect([comments.draft, comments.problem]).toEqual(['Look @Bruno', 'Bruno is offline.']);
  await comments.post('Look', []);
  expect(sent[0]!.id).not.toBe(sent[1]!.id);
});

test('A comment that may have arrived is sent again as the same one.', async () => {
  const comments = commentsOf(thread());
  answer = refusal(503);
  await comments.post('Look', []);
  answer = { status: 200, body: { id: 'x', c: 7, seq: 3, at: 9 } };
  expect(await comments.post('Look', [])).toMatchObject({ seq: 3 });
  expect([sent[0]!.id === sent[1]!.id, comments.draft]).toEqual([true, '']);
});
