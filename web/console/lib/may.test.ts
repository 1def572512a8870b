import { expect, test } from 'vitest';
import type { Me, Row } from '../../client/frames';
import { mayOf, type May } from './may';

const ADA = { id: 1, role: 'agent', departments: [5] } as unknown as Me;
const OLGA = { id: 3, role: 'agent', departments: [6] } as unknown as Me;
const SVEN = { id: 4, role: 'supervisor', departments: [] } as unknown as Me;

const chat = (change: Partial<Row> = {}) =>
  ({ kind: 'chat', state: 'live', owner: ADA.id, ...change }) as Row;
const can = (row: Row, me: Me) =>
  Object.entries(mayOf(row, me))
    .filter(([, may]) => may)
    .map(([name]) => name) as (keyof May)[];

test('A stranger may do nothing, the owner works with the chat, a supervisor assigns it.', () => {
  expect(can(chat(), OLGA)).toEqual([]);
  expect(can(chat(), ADA)).toEqual(['flag', 'pend', 'transfer', 'comment']);
  expect(can(chat(), SVEN)).toEqual(['flag', 'transfer', 'assign', 'comment']);
});

test('Pending is taken back by the owner or a supervisor, and only the owner sets it.', () => {
  const pending = chat({ state: 'pending' });
  expect([can(pending, ADA).includes('unpend'), can(pending, SVEN).includes('unpend')]).toEqual([true, true]);
  expect([can(pending, ADA).includes('pend'), can(chat(), SVEN).includes('pend')]).toEqual([false, false]);
});

test('A tagged colleague comments and does nothing else; after the close nobody comments.', () => {
  expect(can(chat({ mentioned: [OLGA.id] }), OLGA)).toEqual(['comment']);
  expect(can(chat({ state: 'closed', mentioned: [OLGA.id] }), OLGA)).toEqual([]);
  expect(can(chat({ state: 'closed' }), ADA)).toEqual(['flag']);
});

test('A transfer is answered by whom it is offered to; a department cannot decline it.', () => {
  const to = chat({ transfer: { by: ADA.id, at: 0, to: OLGA.id } });
  const department = chat({ transfer: { by: ADA.id, at: 0, department: 6 } });
  expect(can(to, OLGA)).toEqual(['acceptTransfer', 'declineTransfer']);
  expect(can(department, OLGA)).toEqual(['acceptTransfer']);
  expect(can(to, ADA)).toEqual(['flag', 'pend', 'cancelTransfer', 'comment']);
});

test('An agent never transfers a ticket; a supervisor assigns it (TICKET-6).', () => {
  const ticket = chat({ kind: 'ticket', state: 'assigned' });
  expect([can(ticket, ADA), can(ticket, SVEN)]).toEqual([[], ['assign']]);
});

test('A ringing chat is answered by the one it rings at.', () => {
  const ringing = chat({ state: 'offered', owner: null, offered_to: ADA.id });
  expect([can(ringing, ADA), can(ringing, OLGA)]).toEqual([['answerOffer'], []]);
});
