import { expect, test } from 'vitest';
import { further, summary, tidy, usual, type Hours } from './hours';

test('Days alike are said together, closed days are left out.', () => {
  const hours: Hours = usual('Europe/Berlin');
  hours.weekly[5] = [
    ['10:00', '12:00'],
    ['13:00', '24:00'],
  ];
  hours.holidays = [{ date: '2026-12-24', name: '', intervals: [] }];
  expect(summary(hours)).toBe('Mon–Fri 09:00–17:00; Sat 10:00–12:00, 13:00–24:00 (Europe/Berlin), 1 holiday');
  expect(summary({ zone: 'UTC', weekly: Array(7).fill([]), holidays: [] })).toBe('Always closed (UTC)');
});

test('A time may be typed in the ways people type it; what is none stays as typed.', () => {
  expect(['9', '930', '9:30', '17.05', '24', 'noon'].map(tidy)).toEqual([
    '09:00',
    '09:30',
    '09:30',
    '17:05',
    '24:00',
    'noon',
  ]);
});

test('A further interval begins an hour after the last and ends the same day, or there is none.', () => {
  expect(further([])).toEqual(['09:00', '17:00']);
  expect(further([['09:00', '12:30']])).toEqual(['13:00', '17:00']);
  expect(further([['09:00', '22:00']])).toEqual(['23:00', '24:00']);
  expect(further([['09:00', '23:30']])).toBe(null);
  expect(further(Array(6).fill(['09:00', '10:00']))).toBe(null);
});
