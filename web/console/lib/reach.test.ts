import { expect, test } from 'vitest';
import type { Reach } from '../../client/frames';
import { freeUntil, heard, leftOf } from './reach';

const HOUR = 3_600_000;
const reach: Reach = {
  channel: 'whatsapp',
  label: 'WhatsApp',
  until: 30 * HOUR,
  window_ms: 24 * HOUR,
  templates: true,
  template: true,
};

test('Writing freely ends with the channel’s window, or a day after closing, whichever is sooner.', () => {
  expect(freeUntil(reach, { state: 'live' })).toBe(30 * HOUR);
  expect(freeUntil(reach, { state: 'closed', closed_at: HOUR })).toBe(25 * HOUR);
  expect(freeUntil(reach, { state: 'closed', closed_at: 20 * HOUR })).toBe(30 * HOUR);
  expect(freeUntil(null, { state: 'live' })).toBeNull();
});

test('Each message of the customer begins the window anew; an older one does not shorten it.', () => {
  expect(heard(reach, 10 * HOUR).until).toBe(34 * HOUR);
  expect(heard(reach, 2 * HOUR).until).toBe(30 * HOUR);
  expect(heard({ ...reach, window_ms: null }, 10 * HOUR).until).toBe(30 * HOUR);
});

test('What is left is said in hours while there are some, and at the end in seconds.', () => {
  expect(leftOf(23 * HOUR + 5 * 60_000)).toBe('23 h 5 min');
  expect(leftOf(HOUR)).toBe('1 h');
  expect(leftOf(42 * 60_000)).toBe('42 min');
  expect(leftOf(249_000)).toBe('4:09');
  expect(leftOf(-5)).toBe('0:00');
});
