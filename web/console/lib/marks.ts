/** WhatsApp's marks in a customer's text as markup: *bold*, _italic_, ~strike~, `code`, > quote, - list. Pure; what comes out
 * is rebuilt from the allow-list before it is shown. */

const SIGNS: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const CODE = /```([^]+?)```|`([^`\n]+)`/g;
const BEFORE = '(^|[\\s(\\["\'.,;:!?>*_~-])';
const AFTER = '(?=$|[\\s)\\]"\'.,;:!?<*_~&-])';
const MARKS: readonly [RegExp, string][] = [
  ['\\*', 'b'],
  ['_', 'i'],
  ['~', 's'],
].map(([sign, tag]) => [
  new RegExp(`${BEFORE}${sign}(?=\\S)([^${sign}\\n]*[^\\s${sign}])${sign}${AFTER}`, 'gm'),
  `$1<${tag}>$2</${tag}>`,
]);

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => SIGNS[sign]!);
}

function marked(text: string): string {
  return MARKS.reduce((html, [mark, put]) => html.replace(mark, put), escaped(text));
}

function inline(text: string): string {
  const out: string[] = [];
  let from = 0;
  for (const match of text.matchAll(CODE)) {
    out.push(marked(text.slice(from, match.index)));
    out.push(
      match[1] === undefined ? `<code>${escaped(match[2]!)}</code>` : `<pre>${escaped(match[1])}</pre>`,
    );
    from = match.index + match[0].length;
  }
  return [...out, marked(text.slice(from))].join('');
}

const BLOCKS: readonly [RegExp, (lines: string[]) => string][] = [
  [/^> ?/, (lines) => `<blockquote>${lines.map(inline).join('<br>')}</blockquote>`],
  [/^[-*] /, (lines) => `<ul>${lines.map((line) => `<li>${inline(line)}</li>`).join('')}</ul>`],
];

/** The text as HTML; null when it has no marks and is plain. */
export function formatted(text: string): string | null {
  const blocks: string[] = [];
  let plain: string[] = [];
  const flush = () => {
    if (plain.length) blocks.push(`<p>${inline(plain.join('\n')).replaceAll('\n', '<br>')}</p>`);
    plain = [];
  };
  const lines = text.split('\n');
  const fenced = text.includes('```');
  for (let at = 0; at < lines.length;) {
    const block = fenced ? undefined : BLOCKS.find(([begins]) => begins.test(lines[at]!));
    if (!block) {
      plain.push(lines[at++]!);
      continue;
    }
    flush();
    const held: string[] = [];
    while (at < lines.length && block[0].test(lines[at]!)) held.push(lines[at++]!.replace(block[0], ''));
    blocks.push(block[1](held));
  }
  flush();
  const html = blocks.join('');
  return /<(?!br>|\/?p>)/.test(html) ? html : null;
}
