import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSocket } from '../../../client/fakes';
import type { Boot, Entry, VisitorView } from '../../../client/frames';
import { MemoryStore } from '../../../client/storage';
import { Chat } from './chat.svelte';
import { Session } from './session';

const site: Boot['site'] = {
  key: 'shop',
  name: 'Shop',
  look: {},
  texts: {},
  form: { name: 'off', email: 'off', department: 'off', fields: [] },
  departments: [],
  locale: '',
  limits: { text: 10_000, file_mb: 25, files: 10 },
};
const live: VisitorView = {
  c: 7,
  kind: 'chat',
  state: 'live',
  last_seq: 2,
  unread: 1,
  delivered: 0,
  read: 0,
  agent: { name: 'Ada Moss' },
};
const hi: Entry = { seq: 1, prev: 0, kind: 'message', by: 'customer', at: 1000, text: 'Hi', id: 'hi' };
const hello: Entry = {
  seq: 2,
  prev: 1,
  kind: 'message',
  by: 'agent',
  at: 2000,
  text: 'Hello',
  name: 'Ada Moss',
};

let store: MemoryStore;
let view: VisitorView | null;
let entries: Entry[];
let asked: string[];
/** The last body. */
let sent: unknown;
let answers: Pick<Boot, 'open' | 'why' | 'opens_at'>;

/** The desk's HTTP side, at the browser's own boundary. */
function answer(path: string): unknown {
  asked.push(path);
  if (path.startsWith('/api/widget/entries')) {
    const after = Number(new URLSearchParams(path.split('?')[1]).get('after') ?? 0);
    return { entries: entries.filter((entry) => entry.seq > after), more: false };
  }
  return {
    token: 'secret',
    site,
    customer: { name: '', email: '' },
    view,
    now: 0,
    offline: 'form',
    ...answers,
  } satisfies Boot;
}

function serve(): void {
  vi.stubGlobal('fetch', (path: string, { body }: RequestInit) => {
    sent = typeof body === 'string' && JSON.parse(body);
    return Promise.resolve(new Response(JSON.stringify(answer(path))));
  });
}

async function opened(): Promise<Chat> {
  const chat = new Chat(new Session('shop', store));
  await chat.open();
  FakeSocket.last.ready();
  return chat;
}
const wire = () => FakeSocket.last.sent.filter((frame) => frame.t !== 'hello');
const resume = (list: Entry[]) =>
  FakeSocket.last.push({
    t: 'resumed',
    c: 7,
    entries: list,
    marks: { customer: { delivered: 0, read: 0 }, agent: { delivered: 0, read: 0 } },
  });

beforeEach(() => {
  store = new MemoryStore();
  view = null;
  entries = [];
  asked = [];
  answers = { open: true, why: null, opens_at: null };
  FakeSocket.all = [];
  vi.stubGlobal('WebSocket', FakeSocket);
  serve();
});
afterEach(() => vi.unstubAllGlobals());

test('The first message starts the chat; its echo is shown until the entry lands, then once.', async () => {
  const chat = await opened();
  chat.send('Hi', [], { name: 'Marta' });
  const [start] = wire();
  expect(start).toMatchObject({ t: 'start', text: 'Hi', name: 'Marta' });
  expect(chat.echoes).toHaveLength(1);
  const id = (start as { id: string }).id;
  FakeSocket.last.push({ t: 'ack', id, c: 7, seq: 1, at: 1000 });
  expect([chat.c, chat.echoes.length, chat.line.length]).toEqual([7, 1, 0]);
  FakeSocket.last.push({ t: 'entry', c: 7, e: { ...hi, id } });
  expect([chat.thread.entries.length, chat.echoes.length]).toEqual([1, 0]);
});

test('Messages written before the start is answered follow it into the same conversation.', async () => {
  const chat = await opened();
  chat.send('One', [], {});
  chat.send('Two', [], {});
  expect(wire()).toHaveLength(1);
  FakeSocket.last.push({ t: 'ack', id: (wire()[0] as { id: string }).id, c: 7, seq: 1, at: 0 });
  expect(wire()[1]).toMatchObject({ t: 'send', c: 7, text: 'Two' });
});

test('A refused start gives its text back with the reason.', async () => {
  const chat = await opened();
  chat.send('Hi', [], { name: 'Marta' });
  const { id } = wire()[0] as { id: string };
  FakeSocket.last.push({ t: 'nack', id, code: 'unavailable', text: 'We are closed.' });
  expect(chat.refused).toMatchObject({ text: 'Hi', details: { name: 'Marta' }, why: 'We are closed.' });
  expect([chat.begun, chat.line.length]).toEqual([false, 0]);
});

test('After a reload the thread is back and only what is new is asked for.', async () => {
  [view, entries] = [live, [hi, hello]];
  const chat = await opened();
  expect(chat.thread.entries.map((entry) => entry.text)).toEqual(['Hi', 'Hello']);
  expect(FakeSocket.last.sent[0]).toMatchObject({ t: 'hello', token: 'secret', have: { '7': 2 } });
});

test('Unread counts what the agent wrote past the own mark, and reading sends the mark once.', async () => {
  [view, entries] = [live, [hi, hello]];
  const chat = await opened();
  expect(chat.unread).toBe(1);
  resume([]);
  chat.markRead();
  chat.markRead();
  expect(wire().filter((frame) => frame.t === 'read')).toEqual([{ t: 'read', c: 7, seq: 2 }]);
  expect(chat.unread).toBe(0);
});

test('An entry whose forerunner is missing makes it fetch the hole.', async () => {
  [view, entries] = [live, [hi]];
  const chat = await opened();
  entries = [hi, hello, { ...hello, seq: 5, prev: 2, text: 'Still there?' }];
  FakeSocket.last.push({ t: 'entry', c: 7, e: entries[2]! });
  await vi.waitFor(() => expect(chat.thread.entries.map((entry) => entry.seq)).toEqual([1, 2, 5]));
  expect(asked.at(-1)).toContain('after=1');
});

test('A gap drops what is held and loads the newest again.', async () => {
  [view, entries] = [live, [hi]];
  const chat = await opened();
  entries = [{ ...hello, seq: 900, prev: 899 }];
  FakeSocket.last.push({ t: 'gap', c: 7, have: 1, head: 900 });
  await vi.waitFor(() => expect(chat.thread.entries.map((entry) => entry.seq)).toEqual([900]));
});

test('Typing shows until the message comes, is told off, or six seconds pass.', async () => {
  [view, entries] = [live, [hi]];
  const chat = await opened();
  FakeSocket.last.push({ t: 'typing', c: 7, by: 'agent', name: 'Ada Moss', on: true });
  expect(chat.typing.agent).toBe('Ada Moss');
  FakeSocket.last.push({ t: 'entry', c: 7, e: hello });
  expect(chat.typing.agent).toBeNull();
});

test('A new message of an agent is heard, one that is resent is not.', async () => {
  [view, entries] = [live, [hi]];
  const chat = await opened();
  const heard: number[] = [];
  chat.heard = (entry) => heard.push(entry.seq);
  FakeSocket.last.push({ t: 'entry', c: 7, e: hello }, { t: 'entry', c: 7, e: hello });
  expect(heard).toEqual([2]);
});

test('An unknown token leads to a new session without it.', async () => {
  store.set('deskbell.token.shop', 'old');
  await opened();
  vi.useFakeTimers();
  FakeSocket.last.drop(4001);
  expect(store.get('deskbell.token.shop')).toBeNull();
  await vi.advanceTimersByTimeAsync(2000);
  vi.useRealTimers();
  expect(FakeSocket.all).toHaveLength(2);
});

test('A desk that is away at the beginning is asked again by itself.', async () => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
  const chat = new Chat(new Session('shop', store));
  await chat.open();
  expect(chat.phase).toBe('failed');
  serve();
  await vi.advanceTimersByTimeAsync(1000);
  vi.useRealTimers();
  expect(chat.phase).toBe('ready');
});

test('Where no socket gets through, messages go and come by HTTP.', async () => {
  vi.useFakeTimers();
  [view, entries] = [live, [hi]];
  const posted: string[] = [];
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    if (path !== '/api/widget/messages') return Promise.resolve(new Response(JSON.stringify(answer(path))));
    const { id, text } = JSON.parse(String(init.body)) as { id: string; text: string };
    posted.push(text);
    entries = [...entries, { ...hi, seq: entries.length + 1, prev: entries.length, text, id }];
    return Promise.resolve(new Response(JSON.stringify({ id, c: 7, seq: entries.length, at: 0 })));
  });
  const chat = new Chat(new Session('shop', store));
  await chat.open();
  chat.send('Through the proxy', [], {});
  for (let tries = 0; tries < 3; tries++) {
    while (FakeSocket.last.readyState !== 0) await vi.advanceTimersByTimeAsync(500);
    FakeSocket.last.drop(1006);
    await vi.advanceTimersByTimeAsync(4_000);
  }
  await vi.dynamicImportSettled();
  await vi.advanceTimersByTimeAsync(4_000);
  expect([chat.polling, posted, chat.line.length]).toEqual([true, ['Through the proxy'], 0]);
  entries = [...entries, { ...hello, seq: 3, prev: 2, text: 'An answer' }];
  await vi.advanceTimersByTimeAsync(5_000);
  expect(chat.thread.entries.at(-1)?.text).toBe('An answer');
  // The back-off is random: wait for the next socket that is being opened.
  while (FakeSocket.last.readyState !== 0) await vi.advanceTimersByTimeAsync(500);
  FakeSocket.last.ready();
  expect(chat.polling).toBe(false);
  vi.useRealTimers();
});

test('Whether somebody can answer is asked again when the panel opens, but not at once.', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const chat = await opened();
  answers = { open: false, why: 'hours', opens_at: 5_000 };
  await chat.look();
  expect([chat.answers.open, asked.length]).toEqual([true, 1]);
  vi.setSystemTime(Date.now() + 10_000);
  await chat.look();
  expect([chat.answers.open, chat.answers.opensAt, asked.length]).toEqual([false, 5_000, 2]);
  vi.useRealTimers();
});

test('A chat that was merged is left for the earlier message, and says so.', async () => {
  view = { ...live, state: 'queued', agent: null };
  const chat = await opened();
  const merged: Entry = {
    seq: 3,
    prev: 2,
    kind: 'event',
    by: 'system',
    at: 3000,
    event: { name: 'merged', number: 5 },
  };
  FakeSocket.last.push({ t: 'entry', c: 7, e: merged });
  expect([chat.c, chat.merged]).toEqual([5, true]);
  expect(wire().at(-1)).toEqual({ t: 'watch', c: 5, since: 0 });
  FakeSocket.last.push({
    t: 'entry',
    c: 7,
    e: { ...merged, seq: 4, event: { name: 'closed', by: 'system' } },
  });
  expect(chat.c).toBe(5);
});

test('A tab whose token is worth nothing any more leaves the newer one of another tab, and uses it.', async () => {
  store.set('deskbell.token.shop', 'old');
  const session = new Session('shop', store);
  store.set('deskbell.token.shop', 'new');
  session.forget();
  expect(store.get('deskbell.token.shop')).toBe('new');
  await session.boot();
  expect(sent).toMatchObject({ token: 'new' });
});
