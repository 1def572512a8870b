/** Texts of files, quotes and of the question before an end, which come with these. */
export const rare = {
  'quote.show': 'Show this message',
  'end.ask': 'End this chat?',
  'end.hint': 'You can write again at any time.',
  'end.yes': 'End chat',
  'end.no': 'Keep chatting',
  'file.wait': 'Sent as soon as the files are uploaded.',
  'file.remove': 'Remove {name}',
  'file.retry': 'Try {name} again',
  'file.big': '{name} is too big: at most {limit} MB.',
  'file.empty': '{name} is empty.',
  'file.many': 'At most {limit} files in one message.',
  'file.type': '{name}: this kind of file is not allowed.',
  'file.uploading': 'Uploading {name}, {share} %',
  'file.get': 'Download {name}, {size}',
  'file.gone': 'This file cannot be loaded now.',
};
