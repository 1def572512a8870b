import { expect, test } from 'vitest';
import { fileWords, limitsOf, roomWords } from './channels';

const limits = limitsOf('whatsapp')!;
const file = (type: string, mb: number) => ({ name: 'x', type, size: mb * 1024 * 1024 });

test('How much room is left is said near the end, and over it that several messages go.', () => {
  expect(roomWords(100, limits)).toBe('');
  expect(roomWords(4000, limits)).toBe('96 characters left');
  expect(roomWords(4097, limits)).toBe('Goes as 2 messages');
});

test('A file that WhatsApp does not take, or takes changed, says so before it is sent.', () => {
  const words = (type: string, mb: number) => fileWords(file(type, mb), 'whatsapp', 'WhatsApp')?.text;
  expect(words('image/jpeg', 6)).toBe('WhatsApp takes pictures up to 5 MB');
  expect(words('image/webp', 6)).toBe('Goes to WhatsApp as JPEG or PNG');
  expect(words('video/mp4', 17)).toBe('WhatsApp takes videos up to 16 MB');
  expect(words('application/pdf', 20)).toBeUndefined();
  expect(words('application/zip', 1)).toMatch(/^WhatsApp does not take it: it takes pictures, /);
  expect(fileWords(file('image/jpeg', 6), 'web', 'Web')).toBeNull();
});
