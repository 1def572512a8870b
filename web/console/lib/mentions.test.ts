import { expect, test } from 'vitest';
import { matching, mentionAt, mentionsIn, piecesOf } from './mentions';

const BRUNO = { id: 2, name: 'Bruno Lind', online: true };
const OLGA = { id: 3, name: 'Olga', online: false };
const OLGA_MAY = { id: 5, name: 'Olga May', online: true };
const TEAM = [BRUNO, OLGA, OLGA_MAY];

test('The list of people opens after a sign at the beginning of a word, and follows what is typed.', () => {
  expect(mentionAt('Look @bru', 9)).toEqual({ from: 5, words: 'bru' });
  expect(mentionAt('@Bruno Li', 9)).toEqual({ from: 0, words: 'Bruno Li' });
  expect(mentionAt('@', 1)).toEqual({ from: 0, words: '' });
});

test('An address, a finished mention or a caret before the sign opens nothing.', () => {
  expect(mentionAt('ada@desk.test', 13)).toBeNull();
  expect(mentionAt('@Bruno Lind can you', 19)).toBeNull();
  expect(mentionAt('Hello @', 3)).toBeNull();
});

test('Who is online comes first, then whose name begins like it.', () => {
  expect(matching(TEAM, 'l').map((one) => one.id)).toEqual([2, 5, 3]);
  expect(matching(TEAM, 'ol').map((one) => one.id)).toEqual([5, 3]);
});

test('Accents need not be typed to find a name, and what is typed with them finds it too.', () => {
  const tomas = { id: 4, name: 'Tomás Rivera', online: true };
  expect(matching([tomas], 'tomas')).toEqual([tomas]);
  expect(matching([tomas], 'Tomás r')).toEqual([tomas]);
});

test('A text names the one whose whole name stands there, each once.', () => {
  expect(mentionsIn('@Olga May and @Bruno Lind, @Bruno Lind', TEAM, [])).toEqual([5, 2]);
  expect(mentionsIn('@Olga, please', TEAM, [])).toEqual([3]);
  expect(mentionsIn('@Olgas desk and x@Nobody', TEAM, [])).toEqual([]);
});

test('Of two people with one name the chosen one is meant.', () => {
  const twins = [OLGA, { id: 9, name: 'Olga' }];
  expect(mentionsIn('@Olga', twins, [9])).toEqual([9]);
});

test('A comment is drawn with its names apart from its text.', () => {
  expect(piecesOf('Hi @Olga May!', [OLGA_MAY])).toEqual(['Hi ', OLGA_MAY, '!']);
  expect(piecesOf('Nobody @here', [])).toEqual(['Nobody @here']);
});
