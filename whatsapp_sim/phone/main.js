// The phone: who holds it, what they read and write.

import * as api from './api.js';
import * as board from './board.js';
import { dayOf, gist, row } from './bubbles.js';
import { byId, el } from './dom.js';
import { open } from './menu.js';

const FACES = ['👍', '❤️', '😂', '😮', '😢', '🙏'];
const KINDS = [
  ['A picture', { type: 'image' }],
  ['A voice message', { type: 'voice' }],
  ['A document', { type: 'document' }],
  ['A location', { type: 'location', name: 'Brandenburg Gate', address: 'Pariser Platz, Berlin' }],
  ['A contact', { type: 'contacts' }],
  ['A sticker', { type: 'sticker' }],
  ['Something unsupported', { type: 'unsupported' }]
];

const state = { users: [], numbers: [], user: '', number: '', news: new Set(), quoted: null, editing: null };
const trouble = byId('trouble');
const thread = byId('thread');
const text = byId('text');
let shown = '';
let atEnd = true;
let asking = Promise.resolve();

function failed(error) {
  trouble.textContent = error.message;
}

const doing = (work) => (event) => {
  event?.preventDefault();
  trouble.textContent = '';
  work(event).catch(failed);
};

// Who holds the phone

function aboutUser(user) {
  if (user.hidden) return user.username ? `@${user.username}` : 'number hidden';
  return user.username ? `+${user.phone} @${user.username}` : `+${user.phone}`;
}

function showPeople() {
  byId('people').replaceChildren(
    ...state.users.map((user) =>
      el(
        'li',
        {},
        el(
          'button',
          { type: 'button', 'aria-current': String(user.id === state.user), click: doing(() => choose(user.id)) },
          el('strong', {}, user.name),
          el('small', {}, aboutUser(user)),
          state.news.has(user.id) && el('span', { class: 'dot', role: 'img', 'aria-label': 'new message' })
        )
      )
    )
  );
}

async function load() {
  const all = await api.overview();
  state.users = all.users.filter((user) => user.on_whatsapp);
  state.numbers = all.numbers;
  state.number ||= all.numbers[0].id;
  const select = byId('numbers');
  select.replaceChildren(...all.numbers.map((one) => el('option', { value: one.id }, one.name)));
  select.value = state.number;
  select.hidden = all.numbers.length < 2;
  const wanted = decodeURIComponent(location.hash.slice(1));
  await choose(state.users.some((user) => user.id === wanted) ? wanted : state.users[0]?.id, false);
}

/** `byHand`: else it is only loaded (anew), and whoever has gone to another part of the page stays there. */
async function choose(user, byHand = true) {
  state.user = user;
  state.quoted = state.editing = null;
  history.replaceState(null, '', `#${encodeURIComponent(user)}`);
  showQuoting();
  if (byHand) view('chat');
  shown = '';
  await refresh();
  const free = byHand || document.activeElement === document.body;
  if (free && matchMedia('(hover: hover)').matches) text.focus(); // elsewhere it would call the keyboard up
}

function view(name) {
  document.querySelector('.parts').dataset.view = name;
  for (const button of document.querySelectorAll('[data-view][type=button]')) {
    button.setAttribute('aria-current', String(button.dataset.view === name));
  }
}

// What they read

function refresh() {
  asking = asking.catch(() => null).then(fetchThread);
  return asking;
}

async function fetchThread() {
  const user = state.user;
  const found = await api.thread(user, state.number);
  if (user !== state.user) return;
  showBusiness(found);
  board.showClock(found.clock);
  board.showWindow(found.window_ends);
  byId('blocks').checked = found.user.blocked.includes(state.number);
  state.news.delete(user);
  showPeople();
  showMessages(found.messages);
  const unread = found.messages.some((one) => !one.inbound && one.state === 'delivered');
  if (unread && byId('reads').checked && !document.hidden) await api.read(user, state.number);
}

function showBusiness({ number, typing }) {
  byId('business').textContent = number.name;
  document.querySelector('.face').textContent = number.name[0];
  byId('about').textContent = typing ? 'typing…' : number.display;
}

function showMessages(messages) {
  const now = JSON.stringify(messages);
  if (now === shown) return;
  if (shown === '') atEnd = true;
  shown = now;
  const known = new Map(messages.map((one) => [one.id, one]));
  const rows = [];
  let day = '';
  for (const message of messages) {
    if (dayOf(message) !== day) rows.push(el('p', { class: 'day' }, (day = dayOf(message))));
    rows.push(kept(message, known));
  }
  if (!rows.length) rows.push(el('p', { class: 'empty' }, 'Nothing written yet. Say hello to the business.'));
  const focused = thread.contains(document.activeElement) ? document.activeElement : null;
  thread.replaceChildren(...rows);
  if (focused) focusAgain(focused);
  toEnd();
}

/** Rows that are put in anew lose the focus, which a keyboard would have to look for. */
function focusAgain(focused) {
  const id = focused.closest('[data-id]')?.dataset.id;
  const place = focused.isConnected || !id ? focused : thread.querySelector(`[data-id="${CSS.escape(id)}"] .more`);
  place?.focus({ preventScroll: true });
}

/** Who reads the newest goes on doing so, also when a picture makes room for itself later. */
function toEnd() {
  if (atEnd) thread.scrollTop = thread.scrollHeight;
}

/** The row that is there already when nothing about it has changed: a sound that plays goes on. */
function kept(message, known) {
  const about = JSON.stringify(message);
  const old = thread.querySelector(`[data-id="${CSS.escape(message.id)}"]`);
  if (old?.about === about) return old;
  const made = row(message, known, { more, press, played });
  made.about = about;
  return made;
}

const played = (message) => {
  if (!message.inbound && message.state !== 'played') api.play(state.user, message.id).catch(() => null);
};

// What they do

const write = (message) => api.send(state.user, { number: state.number, ...message });

const press = (message, type, label, payload) =>
  write({ type, text: label, payload, reply_to: message.id }).catch(failed);

function more(message, button) {
  const items = [{ label: 'Reply', act: () => quote(message) }];
  if (!message.deleted) items.unshift({ faces: FACES, act: (emoji) => react(message, emoji) });
  if (message.reactions.customer) items.push({ label: 'Take the reaction back', act: () => react(message, '') });
  if (message.inbound && !message.deleted) {
    if (message.type === 'text') items.push({ label: 'Edit', act: () => edit(message) });
    items.push({ label: 'Delete for everyone', act: doing(() => write({ type: 'delete', target: message.id })) });
  }
  open(button, items);
}

const react = (message, emoji) => write({ type: 'reaction', target: message.id, emoji }).catch(failed);

function quote(message) {
  state.quoted = message;
  state.editing = null;
  showQuoting();
  text.focus();
}

function edit(message) {
  state.editing = message;
  state.quoted = null;
  text.value = message.body.body;
  showQuoting();
  text.focus();
}

function showQuoting() {
  const about = state.quoted ?? state.editing;
  byId('quoting').hidden = !about;
  if (about) byId('quoting').firstElementChild.textContent = `${state.editing ? 'Edit' : 'Reply to'}: ${gist(about)}`;
}

function composed(said) {
  if (state.editing) return { type: 'edit', target: state.editing.id, text: said };
  return { type: 'text', text: said, reply_to: state.quoted?.id ?? '' };
}

async function submit() {
  const said = text.value;
  if (!said.trim()) return;
  const message = composed(said);
  text.value = '';
  state.quoted = state.editing = null;
  showQuoting();
  grow();
  try {
    await write(message);
  } catch (error) {
    text.value = said;
    throw error;
  }
}

function grow() {
  text.style.height = 'auto';
  text.style.height = `${Math.min(text.scrollHeight + 2, 140)}px`;
}

function kindOf(mime) {
  const kind = mime.split('/')[0];
  return mime === 'image/webp' ? 'sticker' : ['image', 'video', 'audio'].includes(kind) ? kind : 'document';
}

async function sendFile(file) {
  if (!file) return;
  const mime = file.type || 'application/octet-stream';
  await write({ type: kindOf(mime), data: await api.base64(file), mime, filename: file.name });
}

function attach(event) {
  const items = KINDS.map(([label, message]) => ({ label, act: doing(() => write(message)) }));
  items.push({ label: 'A file of yours …', act: () => byId('file').click() });
  open(event.currentTarget, items);
}

// Listening

function listen() {
  const news = new EventSource('/_sim/news');
  news.addEventListener('hello', () => {
    trouble.textContent = '';
    load().catch(failed);
  });
  news.onmessage = ({ data }) => {
    const { number, user } = JSON.parse(data);
    if (user === state.user && number === state.number) refresh().catch(failed);
    else if (state.users.some((one) => one.id === user)) {
      state.news.add(user);
      showPeople();
    }
  };
  news.onerror = () => (trouble.textContent = 'The simulator is away; trying again.');
}

byId('compose').addEventListener('submit', doing(submit));
byId('attach').addEventListener('click', attach);
byId('file').addEventListener('change', doing(async ({ target }) => {
  await sendFile(target.files[0]);
  target.value = '';
}));
byId('quoting').lastElementChild.addEventListener('click', () => {
  if (state.editing) text.value = '';
  state.quoted = state.editing = null;
  showQuoting();
  text.focus();
});
byId('add').addEventListener('submit', doing(async ({ target }) => {
  const given = new FormData(target);
  const hidden = given.get('hidden') === 'on';
  const user = await api.addUser({ name: given.get('name'), phone: given.get('phone') || null, username: given.get('username'), hidden });
  target.reset();
  byId('newcomer').open = false;
  state.users.push(user);
  await choose(user.id);
}));
byId('numbers').addEventListener('change', doing(async ({ target }) => {
  state.number = target.value;
  shown = '';
  await refresh();
}));
byId('reads').addEventListener('change', doing(refresh));
byId('blocks').addEventListener('change', doing(({ target }) => api.block(state.user, state.number, target.checked)));
byId('renumber').addEventListener('click', doing(async () => {
  await api.renumber(state.user, `1555${Math.floor(1e6 + Math.random() * 9e6)}`);
  await load();
}));
thread.addEventListener('scroll', () => (atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80));
for (const name of ['load', 'loadedmetadata']) thread.addEventListener(name, toEnd, true);
text.addEventListener('input', grow);
text.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId('compose').requestSubmit();
  }
});
document.addEventListener('visibilitychange', () => document.hidden || refresh().catch(failed));
for (const button of document.querySelectorAll('.views button')) {
  button.addEventListener('click', () => view(button.dataset.view));
}
view('chat');
board.start(() => refresh().catch(failed), failed);
listen();
