import { expect, test } from 'vitest';
import type { Template } from '../../client/frames';
import { matching, missing, prefilled, reading } from './templates';

const template = (change: Partial<Template> = {}): Template => ({
  id: 1,
  name: 'order_update',
  language: 'en',
  category: 'UTILITY',
  header: null,
  body: 'Hello {{1}}, order {{2}} is on its way.',
  footer: null,
  buttons: [],
  variables: [{ key: 'body.1' }, { key: 'body.2', label: 'Order' }],
  ...change,
});
const about = { customer: { name: 'Marta Holm' }, agent: 'Ada', number: 7 };

test('A name is filled in where a greeting asks for it, or where the place is called so; the rest stays empty.', () => {
  expect(prefilled(template(), about)).toEqual({ 'body.1': 'Marta', 'body.2': '' });
  const named = template({
    body: '{{first_name}} of {{customer_name}}, {{total}}',
    variables: ['first_name', 'customer_name', 'total'].map((name) => ({ key: `body.${name}` })),
  });
  expect(Object.values(prefilled(named, about))).toEqual(['Marta', 'Marta Holm', '']);
});

test('It reads as it will be sent, and what is missing is named.', () => {
  const filled = { 'body.1': 'Marta', 'body.2': ' ' };
  expect(reading(template().body, 'body', template(), filled)).toBe(
    'Hello Marta, order ‹Order› is on its way.',
  );
  expect(missing(template(), filled)).toEqual(['body.2']);
});

test('A value with a place in it is not filled in again.', () => {
  expect(reading('{{1}}', 'body', template(), { 'body.1': '{{2}}', 'body.2': 'x' })).toBe('{{2}}');
});

test('Templates are found by words of name and text, narrowed by language, the customer’s own language first.', () => {
  const german = template({ id: 2, language: 'de', body: 'Hallo {{1}}' });
  const all = [template(), german, template({ id: 3, name: 'welcome', category: 'MARKETING', body: 'Hi' })];
  const ids = (wanted: object, locale = '') =>
    matching(all, { words: '', language: '', category: '', ...wanted }, locale).map((one) => one.id);
  expect(ids({ words: 'order way' })).toEqual([1]);
  expect(ids({}, 'de-AT')[0]).toBe(2);
  expect(ids({ language: 'en', category: 'MARKETING' })).toEqual([3]);
});
