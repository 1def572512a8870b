/** Plain text as DOM, never as markup: text nodes, and web and mail addresses as links (CHAT-4). */

const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"'`]+|\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+/gi;
const TAIL = /[.,;:!?'"»”]+$/;

/** An address that may stand in a link, or null. */
export function safeUrl(href: string): string | null {
  try {
    const url = new URL(href);
    return ['http:', 'https:', 'mailto:', 'tel:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function link(href: string): HTMLElement {
  const url = safeUrl(href);
  if (!url) return document.createElement('span');
  const a = document.createElement('a');
  a.href = url;
  a.target = '_blank';
  a.rel = 'noopener noreferrer nofollow';
  return a;
}

function linkOf(word: string): HTMLElement {
  if (/^https?:/i.test(word)) return link(word);
  return link(/^www\./i.test(word) ? `https://${word}` : `mailto:${word}`);
}

/** Cuts what ends a sentence off a link, and a closing bracket that was not opened inside it. */
function trimLink(found: string): string {
  let word = found.replace(TAIL, '');
  while (/[)\]]$/.test(word)) {
    const [open, close] = word.endsWith(')') ? ['(', ')'] : ['[', ']'];
    if (word.split(open).length >= word.split(close).length) break;
    word = word.slice(0, -1).replace(TAIL, '');
  }
  return word;
}

/** Plain text as text nodes, with web and mail addresses as links. Line breaks stay (white-space: pre-wrap). */
export function textNodes(text: string): DocumentFragment {
  const out = document.createDocumentFragment();
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const word = trimLink(match[0]);
    const a = linkOf(word);
    a.textContent = word;
    out.append(text.slice(from, match.index), a);
    from = match.index + word.length;
  }
  out.append(text.slice(from));
  return out;
}
