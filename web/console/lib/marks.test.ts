import { expect, test } from 'vitest';
import { formatted } from './marks';

test.each([
  ['*bold* and _thin_ and ~gone~', '<p><b>bold</b> and <i>thin</i> and <s>gone</s></p>'],
  ['*_both_*', '<p><b><i>both</i></b></p>'],
  ['`x*y*z`', '<p><code>x*y*z</code></p>'],
  ['```\na *b*\n```', '<p><pre><br>a *b*<br></pre></p>'],
  ['> said\n> so\nyes', '<blockquote>said<br>so</blockquote><p>yes</p>'],
  ['- one\n- two', '<ul><li>one</li><li>two</li></ul>'],
])('WhatsApp’s marks are shown as what they mean: %s', (text, html) => {
  expect(formatted(text)).toBe(html);
});

test.each([
  'plain',
  '2*3*4',
  'snake_case_name',
  'https://a.example/x_y_z',
  'say * not bold * now',
  'a\nb',
  '5 > 3',
  '*open',
  'a * b * c',
])('What only looks like a mark stays plain: %s', (text) => {
  expect(formatted(text)).toBeNull();
});

test('Markup in a customer’s text stays text.', () => {
  expect(formatted('*<img src=x onerror=a()>*')).toBe('<p><b>&lt;img src=x onerror=a()&gt;</b></p>');
});
