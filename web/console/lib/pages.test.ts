import { expect, test } from 'vitest';
import { fromOf, isPage, languageOf, localTime, pathOfPage, shortOf } from './pages';

test('An address is shown without what every address has.', () => {
  expect(shortOf('https://shop.example/')).toBe('shop.example');
  expect(pathOfPage('https://shop.example/cart?x=1')).toBe('/cart?x=1');
  expect(pathOfPage('https://shop.example/')).toBe('shop.example');
});

test('Where a visitor comes from is said in words.', () => {
  expect(fromOf('', 'https://shop.example/')).toBe('Came directly');
  expect(fromOf('https://www.search.example/?q=lamp', 'https://shop.example/')).toBe('From search.example');
  expect(fromOf('https://shop.example/a', 'https://shop.example/')).toBe('From another page of the site');
});

test('Nothing but a page becomes a link.', () => {
  expect(isPage('https://shop.example/')).toBe(true);
  for (const address of ['javascript:alert(1)', 'data:text/html,x', ' https://x'])
    expect(isPage(address)).toBe(false);
});

test('A time zone and a language that nobody knows do no harm.', () => {
  expect(localTime('Europe/Vienna', Date.UTC(2026, 2, 2, 9))).toBe('Mon 10:00');
  expect(localTime('Mars/North', 0)).toBe('');
  expect(languageOf('de-AT')).toContain('German');
  expect(languageOf('!!')).toBe('!!');
});
