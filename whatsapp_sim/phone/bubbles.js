// Messages as bubbles.

import { mediaAddress } from './api.js';
import { el, marked } from './dom.js';

const FILES = { image: 'Picture', video: 'Video', audio: 'Audio', document: 'Document', sticker: 'Sticker' };
const TIME = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat([], { weekday: 'short', day: 'numeric', month: 'short' });
const LONG_PRESS_MS = 500;

/** A message in a few words. */
export function gist(message) {
  if (message.deleted) return 'Deleted message';
  const body = message.body;
  const found = [message.shown?.body, body.body, body.body?.text, body[body.type]?.title, body.caption, body.text, body.name];
  return found.find((one) => typeof one === 'string') ?? FILES[message.type] ?? message.type;
}

export const dayOf = (message) => DAY.format(message.at * 1000);

/** `does`: {more(message, button), press(message, kind, text, payload), played(message)}. */
export function row(message, known, does) {
  const more = el(
    'button',
    {
      type: 'button',
      class: 'plain more',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      'aria-label': `More about: ${gist(message).slice(0, 60)}`,
      click: () => does.more(message, more)
    },
    '⋯'
  );
  const bubble = el('div', { class: 'bubble' }, ...content(message, known, does), stamp(message), faces(message));
  longPress(bubble, () => does.more(message, more));
  return el('div', { class: message.inbound ? 'row own' : 'row', 'data-id': message.id }, bubble, more);
}

function longPress(bubble, act) {
  let timer;
  bubble.addEventListener('touchstart', () => (timer = setTimeout(act, LONG_PRESS_MS)), { passive: true });
  for (const name of ['touchend', 'touchmove', 'touchcancel']) {
    bubble.addEventListener(name, () => clearTimeout(timer), { passive: true });
  }
}

function content(message, known, does) {
  if (message.deleted) return [el('p', { class: 'gone' }, 'This message was deleted')];
  const quoted = message.context && known.get(message.context);
  const parts = quoted ? [el('p', { class: 'quote' }, ...marked(gist(quoted)))] : [];
  if (message.shown) return [...parts, ...template(message, does)];
  if (message.type in FILES) return [...parts, ...file(message.type, message.body, message, does)];
  const makers = { location: () => [place(message.body)], contacts: () => cards(message.body), interactive: () => interactive(message, does) };
  const made = makers[message.type]?.() ?? [said(message.body.body ?? message.body.text ?? `[${message.type}]`)];
  return [...parts, ...made];
}

const said = (text) => el('p', { class: 'said' }, ...marked(text));

function file(type, body, message, does) {
  const caption = body.caption ? [said(body.caption)] : [];
  if (!body.id) {
    const link = el('a', { class: 'file', href: body.link, target: '_blank', rel: 'noopener noreferrer' }, `${FILES[type]}: ${body.link}`);
    return [link, ...caption];
  }
  const src = mediaAddress(body.id);
  if (type === 'image' || type === 'sticker') {
    return [el('img', { src, alt: body.caption || FILES[type], class: type === 'sticker' ? 'sticker' : false }), ...caption];
  }
  if (type === 'audio') return [el('audio', { src, controls: true, preload: 'metadata', play: () => does.played(message) })];
  if (type === 'video') return [el('video', { src, controls: true, preload: 'metadata' }), ...caption];
  return [el('a', { class: 'file', href: src, download: body.filename ?? 'document' }, `📄 ${body.filename ?? 'Document'}`), ...caption];
}

function place(body) {
  const at = `${Number(body.latitude).toFixed(5)}, ${Number(body.longitude).toFixed(5)}`;
  return el('p', { class: 'file' }, `📍 ${body.name ? `${body.name}, ${body.address ?? ''}` : 'Location'}`, el('br'), at);
}

function cards(body) {
  return body.contacts.map((card) => {
    const phones = (card.phones ?? []).map((phone) => phone.phone).join(', ');
    return el('p', { class: 'file' }, `👤 ${card.name.formatted_name}`, phones && el('br'), phones);
  });
}

function template(message, does) {
  const { header, body, footer, buttons } = message.shown;
  const parts = [];
  if (header?.type === 'text') parts.push(el('strong', { class: 'head' }, header.text));
  else if (header?.type === 'location') parts.push(place(header.location));
  else if (header) parts.push(...file(header.type, header[header.type], message, does));
  parts.push(said(body));
  if (footer) parts.push(el('footer', {}, footer));
  const pressed = buttons.map((button) => {
    if (button.type === 'URL') return el('a', { href: safe(button.url), target: '_blank', rel: 'noopener noreferrer' }, button.text);
    if (button.type === 'PHONE_NUMBER') return el('a', { href: `tel:${button.phone_number}` }, button.text);
    if (button.type === 'COPY_CODE') return el('button', { type: 'button' }, `${button.text}: ${button.code}`);
    return el('button', { type: 'button', click: () => does.press(message, 'button', button.text, button.payload) }, button.text);
  });
  if (pressed.length) parts.push(el('div', { class: 'press' }, ...pressed));
  return parts;
}

const safe = (address) => (/^https?:\/\//.test(address) ? address : '#');

function interactive(message, does) {
  const { type, header, body, footer, action } = message.body;
  if (!body) return [said(message.body[type]?.title ?? '')];
  const parts = header?.text ? [el('strong', { class: 'head' }, header.text)] : [];
  parts.push(said(body.text));
  if (footer) parts.push(el('footer', {}, footer.text));
  const pick = (kind, text, id, about) =>
    el('button', { type: 'button', click: () => does.press(message, kind, text, id) }, text, about && el('small', {}, about));
  const found = (action.buttons ?? []).map(({ reply }) => pick('button_reply', reply.title, reply.id));
  for (const section of action.sections ?? []) {
    found.push(...section.rows.map((one) => pick('list_reply', one.title, one.id, one.description)));
  }
  const link = action.parameters;
  if (link?.url) found.push(el('a', { href: safe(link.url), target: '_blank', rel: 'noopener noreferrer' }, link.display_text));
  return found.length ? [...parts, el('div', { class: 'press' }, ...found)] : parts;
}

function stamp(message) {
  const parts = [message.edited && el('span', {}, 'edited'), el('time', {}, TIME.format(message.at * 1000))];
  if (message.inbound) {
    const read = message.state === 'read';
    const words = read ? 'Read' : 'Sent';
    parts.push(el('span', { class: read ? 'ticks read' : 'ticks', role: 'img', 'aria-label': words }, read ? '✓✓' : '✓'));
  }
  return el('div', { class: 'stamp' }, ...parts);
}

function faces(message) {
  const found = Object.values(message.reactions);
  return found.length ? el('span', { class: 'reactions', role: 'img', 'aria-label': `Reactions: ${found.join(' ')}` }, found.join(' ')) : null;
}
