import { expect, test } from 'vitest';
import { safeUrl, textNodes } from './links';
import { htmlNodes } from './rich';

function shown(nodes: DocumentFragment): string {
  const box = document.createElement('div');
  box.append(nodes);
  return box.innerHTML;
}

test('Text with markup in it is shown as that text.', () => {
  expect(shown(textNodes('<b>hi</b> & <script>x</script>'))).toBe(
    '&lt;b&gt;hi&lt;/b&gt; &amp; &lt;script&gt;x&lt;/script&gt;',
  );
});

test('Web and mail addresses in text become links without the full stop after them.', () => {
  const box = document.createElement('div');
  box.append(textNodes('See (https://shop.example/a_(b)), www.shop.example. Or marta@holm.example!'));
  const links = [...box.querySelectorAll('a')].map((a) => [a.textContent, a.getAttribute('href')]);
  expect(links).toEqual([
    ['https://shop.example/a_(b)', 'https://shop.example/a_(b)'],
    ['www.shop.example', 'https://www.shop.example/'],
    ['marta@holm.example', 'mailto:marta@holm.example'],
  ]);
  expect(box.textContent).toBe('See (https://shop.example/a_(b)), www.shop.example. Or marta@holm.example!');
});

test('A formatted reply keeps its tags and loses attributes, scripts and unknown tags.', () => {
  const html =
    '<p onclick="x()">Hi <b>Marta</b><img src=x onerror=y></p><script>z</script><font>old</font><ul><li>one</li></ul>';
  expect(shown(htmlNodes(html))).toBe('<p>Hi <strong>Marta</strong></p>old<ul><li>one</li></ul>');
});

test('A link with a script address keeps its words and loses its link.', () => {
  expect(shown(htmlNodes('<a href="javascript:alert(1)">click</a>'))).toBe('<span>click</span>');
  expect(safeUrl('java\nscript:alert(1)')).toBeNull();
  expect(safeUrl('data:text/html,x')).toBeNull();
});

test('Very deep markup is flattened and its text stays.', () => {
  const out = htmlNodes('<blockquote>'.repeat(200) + 'deep' + '</blockquote>'.repeat(200));
  expect(out.textContent).toBe('deep');
  expect(out.querySelectorAll('blockquote').length).toBeLessThan(20);
});
