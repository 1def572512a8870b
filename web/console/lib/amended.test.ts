import { expect, test } from 'vitest';
import type { Entry, EntryEvent, File } from '../../client/frames';
import { folded } from './amended';

const said = (seq: number, more: Partial<Entry> = {}): Entry => ({
  seq,
  kind: 'message',
  by: 'customer',
  at: seq,
  text: `Text ${seq}`,
  ...more,
});
const event = (seq: number, values: EntryEvent): Entry => ({
  seq,
  kind: 'event',
  by: 'customer',
  at: seq,
  event: values,
});
const picture: File = { id: 'f', name: 'cat.jpg', size: 9, type: 'image/jpeg' };

test('What became of a message stands at it and not as a line.', () => {
  const { lines, amended } = folded([
    said(1),
    event(2, { name: 'reacted', seq: 1, emoji: '👍' }),
    event(3, { name: 'edited', seq: 1, text: 'Better' }),
    event(4, { name: 'edited', seq: 1, text: 'Best' }),
    event(5, { name: 'flagged' }),
  ]);
  expect(lines.map((line) => line.seq)).toEqual([1, 5]);
  expect(amended.get(1)).toMatchObject({
    emoji: '👍',
    text: 'Best',
    earlier: ['Text 1', 'Better'],
    editedAt: 4,
  });
});

test('The newest reaction counts, and an empty one takes it back.', () => {
  const { amended } = folded([
    said(1),
    event(2, { name: 'reacted', seq: 1, emoji: '👍' }),
    event(3, { name: 'reacted', seq: 1, emoji: '' }),
  ]);
  expect(amended.get(1)?.emoji).toBe('');
});

test('A file that comes later takes the place that was kept for it; one that cannot come says why.', () => {
  const coming = [{ kind: 'image' }, { kind: 'voice' }];
  const first = said(1, { coming });
  expect(folded([first]).amended.get(1)?.coming).toEqual(coming);
  const { amended } = folded([
    first,
    event(2, { name: 'attached', seq: 1, files: [picture] }),
    event(3, { name: 'not_attached', seq: 1, why: 'It is too large.' }),
  ]);
  expect(amended.get(1)).toMatchObject({
    coming: [],
    files: [{ file: picture, kind: 'image' }],
    missing: [{ coming: { kind: 'voice' }, why: 'It is too large.' }],
  });
});

test('An amendment of a message on an older page waits for it, and folding changes no entry.', () => {
  const late = event(9, { name: 'withdrawn', seq: 2 });
  expect(folded([said(5), late])).toEqual({ lines: [said(5)], amended: new Map() });
  const all = [said(2), said(5), late];
  expect(folded(all).amended.get(2)?.withdrawnAt).toBe(9);
  expect(all[0]).toEqual(said(2));
});
