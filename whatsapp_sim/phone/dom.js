// Elements from values. Text is only ever put in as text.

export const byId = (id) => document.getElementById(id);

/** `el('p', {class: 'said'}, 'Hello')`; functions become listeners, `true` an attribute without a value. */
export function el(tag, about = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(about)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, '');
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const MARKS = { '*': 'strong', _: 'em', '~': 's' };
const PIECES = /```([\s\S]+?)```|`([^`\n]+)`|(?<![\p{L}\p{N}])([*_~])(\S(?:[^\n]*?\S)?)\3(?![\p{L}\p{N}])|(https?:\/\/[^\s<>"]+)/gu;

/** WhatsApp's marks as elements: *bold*, _italic_, ~struck~, `code`, and links. */
export function marked(text) {
  const found = [];
  let end = 0;
  for (const piece of text.matchAll(PIECES)) {
    found.push(text.slice(end, piece.index));
    const [whole, block, code, mark, inner, link] = piece;
    if (link) found.push(el('a', { href: link, target: '_blank', rel: 'noopener noreferrer' }, link));
    else if (mark) found.push(el(MARKS[mark], {}, ...marked(inner)));
    else found.push(el('code', {}, block ?? code));
    end = piece.index + whole.length;
  }
  found.push(text.slice(end));
  return found.filter((piece) => piece !== '');
}
