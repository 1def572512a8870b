/** Notifications in words: what stands under the bell and what a browser notification says. */
import type { Notice } from '../../client/frames';

/** Kinds in the order of the settings. `bell`: it stands under the bell; the others are news of the lists alone. */
export const KINDS = {
  chat: { name: 'A new chat comes to me', bell: false },
  message: { name: 'A customer writes while I look elsewhere', bell: false },
  offered: { name: 'A chat rings at me', bell: true },
  mention: { name: 'A colleague mentions me', bell: true },
  transfer: { name: 'A chat is to be transferred to me', bell: true },
  transfer_answer: { name: 'My transfer is answered', bell: true },
  assigned: { name: 'A supervisor gives me a conversation', bell: true },
  passed: { name: 'A chat is passed to me after a timeout', bell: true },
  answered: { name: 'A customer answers in a pending chat', bell: true },
  stuck: { name: 'A chat waits and nobody can take it', bell: true },
} as const;
export type AlertKind = keyof typeof KINDS;
export const WAYS = ['bell', 'browser', 'sound'] as const;
export type Way = (typeof WAYS)[number];

const ANSWERS: Record<string, string> = {
  accepted: 'accepted your transfer',
  declined: 'declined your transfer',
};

/** Who and what, as in `Bruno mentioned you`. An unknown kind is a newer server's. */
export function toldOf({ kind, data }: Pick<Notice, 'kind' | 'data'>): string {
  const who = name(data.who);
  switch (kind) {
    case 'mention':
      return `${who} mentioned you in a comment`;
    case 'transfer':
      return `${who} wants to transfer this chat to you`;
    case 'transfer_answer':
      return data.answer === 'back'
        ? 'Nobody answered your transfer: it stays where it is'
        : `${who} ${ANSWERS[String(data.answer)] ?? 'answered your transfer'}`;
    case 'assigned':
      return `${who} gave you this conversation`;
    case 'passed':
      return `Passed to you: no answer from ${name(data.from)}`;
    case 'answered':
      return 'The customer answered: no longer pending';
    case 'stuck':
      return `No answer from ${name(data.agent)}, and nobody else can take it`;
    case 'offered':
      return 'This chat rang at you';
    default:
      return 'There is news in this conversation';
  }
}

function name(value: unknown): string {
  return typeof value === 'string' && value ? value : 'Somebody';
}
