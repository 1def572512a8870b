/** Texts of what a conversation waits for, which come with it. */
export const notice = {
  queue: 'All agents are busy. You are number {position} in the queue.',
  'queue.next': 'You are next. Thank you for waiting.',
  'queue.plain': 'All agents are busy. You are in the queue.',
  'wait.soon': 'It will take less than a minute.',
  'wait.one': 'It will take about 1 minute.',
  wait: 'It will take about {minutes} minutes.',
  ticket: 'We got your message.',
  'ticket.next': 'We answer by e-mail or here, as soon as we can.',
  merged: 'Added to your earlier message.',
  shut: 'The chat is not available at the moment.',
  'shut.kept': 'What you write is kept.',
  ended: 'This chat has ended.',
  'ended.hint': 'Write below to start again.',
};
