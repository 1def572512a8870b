import { expect, test, vi } from 'vitest';
import type { Entry } from '../../client/frames';
import type { Conversation } from './conversation.svelte';
import { Kept } from './kept';

/** Threads that only count how often they were loaded and what they overheard. */
function made() {
  const loads: number[] = [];
  const heard: [number, number][] = [];
  const kept = new Kept((id) => {
    const thread = {
      id,
      load: () => {
        loads.push(id);
        return Promise.resolve();
      },
      overhear: (entry: Entry) => heard.push([id, entry.seq]),
    };
    return thread as unknown as Conversation;
  });
  return { kept, loads, heard };
}

vi.stubGlobal('requestIdleCallback', (run: () => void) => setTimeout(run, 0));

test('own chats are fetched once each, at most eight of them', async () => {
  const { kept, loads } = made();
  await kept.ahead([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  await kept.ahead([2, 11]);
  expect(loads).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 11]);
});

test('what is opened is the thread that was fetched ahead, and it has heard what came since', async () => {
  const { kept, heard } = made();
  await kept.ahead([5]);
  const thread = kept.take(5);
  expect(kept.take(5)).toBe(thread);
  kept.hear(5, { seq: 7 } as Entry);
  kept.hear(6, { seq: 1 } as Entry);
  expect(heard).toEqual([[5, 7]]);
});

test('the sixteen that were open last stay', () => {
  const { kept } = made();
  const first = kept.take(1);
  for (let id = 2; id <= 16; id++) kept.take(id);
  expect(kept.take(1)).toBe(first);
  for (let id = 17; id <= 32; id++) kept.take(id);
  expect(kept.take(1)).not.toBe(first);
});
