import type { after } from './en.after';
import type { form } from './en.form';
import type { notice } from './en.notice';
import type { rare } from './en.rare';

/** The texts that a conversation may need; others come with their parts. `{name}` stands for a value. */
export const en = {
  chat: 'Chat',
  close: 'Close the chat window',
  'sound.on': 'Sound is on. Turn it off',
  'sound.off': 'Sound is off. Turn it on',
  end: 'End chat',
  loading: 'Opening the chat…',
  'boot.failed': 'The chat cannot be reached right now.',
  'boot.forbidden': 'This chat is not available here.',
  again: 'Try again',
  reload: 'Load again',
  upgrade: 'This chat must be loaded again.',
  hello: 'How can we help?',
  'hello.sub': 'Write to us, we answer right here.',
  write: 'Write a message…',
  'write.again': 'Write to start again…',
  send: 'Send',
  attach: 'Add a file',
  emoji: 'Emoji',
  drop: 'Drop files here to add them',
  'file.failed': '{name} was not uploaded: {why}',
  'text.long': 'The message is too long: {count} of {limit} characters.',
  full: 'Too many unsent messages. Wait until the connection is back.',
  sending: 'Sending',
  waiting: 'Waits for the connection',
  'tick.stored': 'Sent',
  'tick.delivered': 'Delivered',
  'tick.read': 'Read',
  failed: 'Not sent.',
  'failed.why': 'Not sent: {why}',
  'failed.again': 'Send again',
  'failed.drop': 'Delete',
  you: 'You',
  agent: 'Agent',
  today: 'Today',
  yesterday: 'Yesterday',
  older: 'Loading older messages…',
  'newer.one': '1 new message',
  newer: '{count} new messages',
  down: 'Go to the newest message',
  typing: '{name} is writing…',
  'typing.shown': 'Our team sees what you type.',
  offline: 'No connection. Trying again…',
  'offline.kept': 'What you write is kept and sent when it is back.',
  now: 'Try now',
  'event.started': 'Chat started',
  'event.queued': 'Waiting for a free agent',
  'event.assigned': '{agent} joined the chat',
  'event.assigned.plain': 'An agent joined the chat',
  'event.closed.customer': 'You ended the chat',
  'event.closed.agent': 'The agent ended the chat',
  'event.closed.system': 'The chat was closed',
  'event.revived': 'Chat started again',
  'event.ticket': 'Your message was saved for our team',
  with: 'with {agent}',
  log: 'Messages',
  'title.unread': '({count}) {title}',
};

export type Key =
  keyof typeof en | keyof typeof after | keyof typeof form | keyof typeof notice | keyof typeof rare;
/** Every text of another language: it is fetched whole. */
export type Texts = Record<Key, string>;
