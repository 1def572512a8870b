/**
 * Builds DOM from the safe HTML subset without any HTML sink (no innerHTML, no DOMParser), so it works under
 * `require-trusted-types-for 'script'` and whatever is not on the list can only ever become text.
 */

const TAGS: Record<string, string> = {
  p: 'p',
  br: 'br',
  strong: 'strong',
  b: 'strong',
  em: 'em',
  i: 'em',
  s: 's',
  del: 's',
  strike: 's',
  ul: 'ul',
  ol: 'ol',
  li: 'li',
  blockquote: 'blockquote',
  code: 'code',
  pre: 'pre',
  a: 'a',
};
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };
const TOKEN = /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[^<>]*?)?)\s*\/?>|[^<]+|</g;
const HREF = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/i;
const LINK = /\bhttps?:\/\/[^\s<>"']+|\bwww\.[^\s<>"']+\.[^\s<>"']+/gi;
const MAX_DEPTH = 20;

function unescape(text: string): string {
  return text.replace(/&(#x?[0-9a-f]{1,6}|[a-z]{2,6});/gi, (whole, name: string) => {
    if (name[0] !== '#') return ENTITIES[name.toLowerCase()] ?? whole;
    const code = /^#x/i.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** The address if it may be followed (http, https, mailto), else null. */
export function safeHref(href: string): string | null {
  try {
    const url = new URL(href);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function anchor(href: string): HTMLAnchorElement {
  const a = document.createElement('a');
  a.href = href;
  a.target = '_blank';
  a.rel = 'noopener noreferrer nofollow';
  return a;
}

/** Plain text as nodes; web addresses become links, everything else stays text. */
export function linked(text: string): DocumentFragment {
  const out = document.createDocumentFragment();
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const shown = match[0].replace(/[.,;:!?)\]}'"]+$/, '');
    const href = safeHref(/^www\./i.test(shown) ? `https://${shown}` : shown);
    if (!href) continue;
    out.append(text.slice(at, match.index));
    const a = anchor(href);
    a.textContent = shown;
    out.append(a);
    at = match.index + shown.length;
  }
  out.append(text.slice(at));
  return out;
}

/** Safe-subset HTML as nodes. Unknown tags are dropped with their text kept; no attribute but a checked href survives. */
export function rich(html: string): DocumentFragment {
  const out = document.createDocumentFragment();
  const open: Array<{ tag: string; node: Element | DocumentFragment }> = [{ tag: '', node: out }];
  const top = () => open[open.length - 1]!.node;
  for (const [token, slash, name, attributes] of html.matchAll(TOKEN)) {
    if (!name) {
      const text = unescape(token);
      top().append(open.some((o) => o.tag === 'a') ? text : linked(text));
      continue;
    }
    const tag = TAGS[name.toLowerCase()];
    if (!tag) continue;
    if (slash) {
      const from = open.findLastIndex((o) => o.tag === tag);
      if (from > 0) open.length = from;
      continue;
    }
    const href = tag === 'a' ? safeHref(unescape(HREF.exec(attributes ?? '')?.slice(1).find(Boolean) ?? '')) : null;
    const node = tag === 'a' ? (href ? anchor(href) : document.createElement('span')) : document.createElement(tag);
    top().append(node);
    if (tag !== 'br' && open.length < MAX_DEPTH) open.push({ tag, node });
  }
  return out;
}
