import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Send } from './frames';
import { Outbox } from './outbox';
import { MemoryStore } from './storage';

const hi: Send = { t: 'send', id: 'hi', c: 7, text: 'Hi' };
let store: MemoryStore;
let wire: string[];
let up: boolean;

function outbox(scope = 'marta'): Outbox {
  return new Outbox({
    store,
    scope,
    transmit: (frame) => up && wire.push(frame.id) > 0,
    changed: () => undefined,
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  store = new MemoryStore();
  wire = [];
  up = false;
});
afterEach(() => vi.useRealTimers());

test('A message written without a connection goes out when it is back, and only leaves when acknowledged.', () => {
  const box = outbox();
  box.add(hi);
  expect(wire).toEqual([]);
  up = true;
  box.flush();
  expect(wire).toEqual(['hi']);
  expect(box.line).toHaveLength(1);
  box.ack({ t: 'ack', id: 'hi', c: 7, seq: 1, at: 0 });
  expect([box.line, store.keys()]).toEqual([[], []]);
});

test('The next page takes over what the last one could not send, under the same id.', async () => {
  outbox().add(hi);
  up = true;
  const next = outbox();
  await next.open();
  expect(wire).toEqual(['hi']);
});

test("Another person's unsent messages are left alone.", async () => {
  outbox('marta').add(hi);
  up = true;
  const jonas = outbox('jonas');
  await jonas.open();
  expect([jonas.line, wire]).toEqual([[], []]);
});

test('A refusal with "retry" is tried again by itself.', () => {
  up = true;
  const box = outbox();
  box.add(hi);
  box.nack({ t: 'nack', id: 'hi', code: 'retry', text: 'Later', retry: 1000 });
  vi.advanceTimersByTime(999);
  expect(wire).toEqual(['hi']);
  vi.advanceTimersByTime(1);
  expect(wire).toEqual(['hi', 'hi']);
});

test('Broken leftovers in storage are thrown away.', async () => {
  store.set('deskbell.out.marta.x', '{"nonsense":');
  const box = outbox();
  await box.open();
  expect([box.line, store.keys()]).toEqual([[], []]);
});

test('A frame whose locks are refused still sends what was left behind.', async () => {
  outbox().add(hi);
  up = true;
  const denied = { request: () => Promise.reject(new DOMException('denied', 'SecurityError')) };
  const box = new Outbox({
    store,
    scope: 'marta',
    transmit: (frame) => wire.push(frame.id) > 0,
    changed: () => undefined,
    locks: denied as unknown as LockManager,
  });
  await box.open();
  expect(wire).toEqual(['hi']);
});
