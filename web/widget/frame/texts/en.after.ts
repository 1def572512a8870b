/** Texts of what is asked and offered after an end, which come with it. */
export const after = {
  'after.csat': 'How satisfied are you with this chat?',
  'after.nps': 'How likely are you to recommend us to a friend?',
  'after.csat.low': 'Not at all',
  'after.csat.high': 'Very',
  'after.comment': 'Would you like to add something?',
  'after.rate': 'Send rating',
  'after.thanks': 'Thank you for your answer.',
  'after.change': 'Change the rating',
  'after.mail': 'Send me the transcript',
  'after.to': 'E-mail for the transcript',
  'after.mail.send': 'Send',
  'after.mail.sent': 'The transcript is on its way to {email}.',
  'after.mail.known': 'The transcript is on its way.',
  'after.failed': 'This did not work: {why}',
};
