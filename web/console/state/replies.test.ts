import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ClientFrame } from '../../client/frames';
import type { KeyValue } from '../../client/storage';
import type { Conversation } from './conversation.svelte';
import { Drafts } from './drafts.svelte';
import { Replies } from './replies.svelte';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function memory(): KeyValue {
  const held = new Map<string, string>();
  return {
    get: (key) => held.get(key) ?? null,
    set: (key, value) => void held.set(key, value),
    remove: (key) => void held.delete(key),
    keys: () => [...held.keys()],
  };
}

function writing(open: number | null) {
  const frames: ClientFrame[] = [];
  const store = memory();
  const drafts = new Drafts(store, 1);
  const replies = new Replies({
    store,
    me: () => ({ id: 1, name: 'Ada' }),
    transmit: (frame) => (frames.push(frame), true),
    open: () => (open === null ? null : ({ id: open, head: 3 } as Conversation)),
    drafts,
  });
  replies.send(7, { text: 'Still there?', files: [], quote: null });
  return { replies, drafts, id: (frames[0] as { id: string }).id };
}

test('A reply that came too late for the window goes back into the reply box, and is no failed message.', () => {
  const { replies, id } = writing(7);
  replies.nacked({ t: 'nack', id, code: 'window', text: 'Only a template can be sent now.' });
  expect(replies.line).toEqual([]);
  expect(replies.returned).toMatchObject({ c: 7, text: 'Still there?' });
});

test('In a conversation that is not open any more it becomes a draft.', () => {
  const { replies, drafts, id } = writing(null);
  drafts.set(7, { text: 'And' });
  replies.nacked({ t: 'nack', id, code: 'window', text: 'Only a template can be sent now.' });
  expect(replies.returned).toBeNull();
  expect(drafts.get(7).text).toBe('And\nStill there?');
});

test('Any other refusal stays with its message.', () => {
  const { replies, id } = writing(7);
  replies.nacked({ t: 'nack', id, code: 'forbidden', text: 'No.' });
  expect(replies.line[0]).toMatchObject({ state: 'failed', error: { text: 'No.' } });
});
