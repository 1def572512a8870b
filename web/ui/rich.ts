/**
 * Message bodies as DOM, never as markup: text becomes text nodes and links, formatted replies are rebuilt node by node
 * from an allow-list (CHAT-4). Nothing here assigns innerHTML of a live document.
 */

import { link, textNodes } from './links';

const TAGS: Record<string, string> = {
  P: 'p',
  BR: 'br',
  B: 'strong',
  STRONG: 'strong',
  I: 'em',
  EM: 'em',
  S: 's',
  STRIKE: 's',
  DEL: 's',
  UL: 'ul',
  OL: 'ol',
  LI: 'li',
  BLOCKQUOTE: 'blockquote',
  PRE: 'pre',
  CODE: 'code',
  A: 'a',
};
/** Left out with all they hold; any other unknown tag gives only its content. */
const DROPPED = new Set([
  'SCRIPT',
  'STYLE',
  'TEMPLATE',
  'IFRAME',
  'OBJECT',
  'SVG',
  'MATH',
  'NOSCRIPT',
  'TITLE',
]);
const DEEPEST = 16;
interface ParserPolicy {
  createHTML(html: string): string;
}
interface TrustedTypes {
  createPolicy(name: string, rules: ParserPolicy): ParserPolicy;
}

let policy: ParserPolicy | undefined;

/** The document made here is inert: it runs and loads nothing. The policy is for pages that require trusted types. */
function parse(html: string): HTMLElement {
  if (!policy) {
    const plain: ParserPolicy = { createHTML: (text) => text };
    const trusted = (window as unknown as { trustedTypes?: TrustedTypes }).trustedTypes;
    policy = trusted?.createPolicy('deskbell-parse', plain) ?? plain;
  }
  return new DOMParser().parseFromString(policy.createHTML(html), 'text/html').body;
}

function copy(from: Node, to: Node, depth: number, linked: boolean): void {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = node.textContent ?? '';
      to.appendChild(linked ? document.createTextNode(text) : textNodes(text));
    } else if (node instanceof Element || node.nodeType === Node.ELEMENT_NODE) {
      copyElement(node as Element, to, depth, linked);
    }
  }
}

function copyElement(element: Element, to: Node, depth: number, linked: boolean): void {
  const name = element.tagName.toUpperCase();
  if (DROPPED.has(name)) return;
  const tag = TAGS[name];
  if (!tag || depth >= DEEPEST) return copy(element, to, depth + 1 > DEEPEST ? DEEPEST : depth + 1, linked);
  const made = tag === 'a' ? link(element.getAttribute('href') ?? '') : document.createElement(tag);
  copy(element, to.appendChild(made), depth + 1, linked || tag === 'a' || tag === 'code' || tag === 'pre');
}

/** A formatted reply rebuilt from allowed tags; only links keep an attribute. */
export function htmlNodes(html: string): DocumentFragment {
  const out = document.createDocumentFragment();
  copy(parse(html), out, 0, false);
  return out;
}

/** For `{@attach rich(entry)}`: fills an element with a message's body. */
export function rich(body: { text?: string | undefined; html?: string | undefined }) {
  return (element: Element): void => {
    element.replaceChildren(body.html ? htmlNodes(body.html) : textNodes(body.text ?? ''));
  };
}
