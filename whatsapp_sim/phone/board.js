// The board beside the phone: time, what goes wrong, what was called.

import * as api from './api.js';
import { byId, el } from './dom.js';

const CLOCK = new Intl.DateTimeFormat([], { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' });
const LINES = 12;
const FAULTS = {
  'Webhooks': [
    ['Come twice', { duplicate: 1 }],
    ['Come in any order', { reorder_s: 3 }],
    ['Come 5 seconds late', { delay_s: [5, 5] }],
    ['Are lost at first, every second one', { drop: 0.5 }],
    ['Come in batches', { batch: 10 }],
    ['Have forged ones before them', { forge: 1 }],
    ['Carry things nobody knows', { extra_fields: 1, unknown_types: 1, unknown_fields: 1 }],
    ['Do not tell phone numbers', { hide_phones: 1 }]
  ],
  'Ticks': [
    ['Are never told', { no_status: 1 }],
    ['Lack delivered', { no_delivered: 1 }],
    ['Come as read before sent', { read_first: 1 }],
    ['Come before the call is answered', { status_before_answer: 1 }]
  ],
  'Calls of the business': [
    ['Hang, and nothing is sent', { hang_before_accept: 1 }],
    ['Hang, but the message is sent', { hang_after_accept: 1 }],
    ['Fail with status 503', { http_errors: { 503: 1 } }],
    ['Are too many (130429)', { graph_errors: { 130429: 1 } }],
    ['Have an expired token (190)', { graph_errors: { 190: 1 } }],
    ['Are taken, then undeliverable (131026)', { failed: { 131026: 1 } }]
  ]
};

let offset = 0;
let running = true;
let held = 0;

export function showClock(clock) {
  offset = clock.now - Date.now() / 1000;
  running = clock.running;
  held = clock.now;
  byId('hold').setAttribute('aria-pressed', String(!running));
  tick();
}

const now = () => (running ? Date.now() / 1000 + offset : held);

function tick() {
  byId('clock').textContent = CLOCK.format(now() * 1000);
}

export function showWindow(ends) {
  const left = ends === null ? 0 : ends - now();
  const hours = Math.floor(left / 3600);
  const words = ends === null ? 'has not been written to yet' : 'heard nothing for 24 hours';
  byId('window').textContent =
    left > 0
      ? `The business may write freely for ${hours ? `${hours} h ` : ''}${Math.floor((left % 3600) / 60)} min.`
      : `The business may send templates only: it ${words}.`;
}

/** `changed` is called when the clock was moved, `failed` with what could not be done. */
export function start(changed, failed) {
  setInterval(tick, 1000);
  const doing = (work) => () => work().catch(failed);
  for (const button of document.querySelectorAll('[data-advance]')) {
    button.addEventListener('click', doing(async () => {
      showClock(await api.turnClock({ advance: Number(button.dataset.advance) }));
      changed();
    }));
  }
  byId('hold').addEventListener('click', doing(async () => showClock(await api.turnClock({ running: !running }))));
  byId('calm').addEventListener('click', doing(async () => showFaults(await api.calm(), failed)));
  api.faults().then((faults) => showFaults(faults, failed), failed);
  setInterval(doing(showJournal), 2000);
  showJournal().catch(failed);
}

function isOn(faults, knobs) {
  return Object.entries(knobs).every(([name, value]) => JSON.stringify(faults[name]) === JSON.stringify(value));
}

function offs(knobs, calm) {
  return Object.fromEntries(Object.keys(knobs).map((name) => [name, calm[name]]));
}

const CALM = { reorder_s: 0, delay_s: [0, 0], batch: 1, http_errors: {}, graph_errors: {}, failed: {} };
const calmOf = new Proxy(CALM, { get: (values, name) => values[name] ?? 0 });

function showFaults(faults, failed) {
  const groups = Object.entries(FAULTS).map(([title, rows]) =>
    el('div', { role: 'group', 'aria-label': title }, el('h4', {}, title), ...rows.map((one) => knob(one, faults, failed)))
  );
  byId('faults').replaceChildren(...groups);
}

function knob([label, knobs], faults, failed) {
  const box = el('input', { type: 'checkbox', change: () => flip(box, knobs, failed) });
  box.checked = isOn(faults, knobs);
  return el('label', { class: 'check' }, box, label);
}

async function flip(box, knobs, failed) {
  try {
    await api.turn(box.checked ? knobs : offs(knobs, calmOf));
    // Two rows may turn one knob: what is on shows in all of them, without losing the place.
    const faults = await api.faults();
    const boxes = [...document.querySelectorAll('#faults input')];
    Object.values(FAULTS).flat().forEach(([, each], place) => (boxes[place].checked = isOn(faults, each)));
  } catch (error) {
    box.checked = !box.checked;
    failed(error);
  }
}

async function showJournal() {
  if (document.hidden) return;
  const lines = (await api.journal(LINES)).reverse();
  byId('journal').replaceChildren(...(lines.length ? lines.map(line) : [el('li', {}, 'Nothing called yet')]));
}

function line(one) {
  const bad = one.status !== 200 && one.status !== 201;
  const path = one.kind === 'webhook' ? one.note || 'webhook' : one.path.replace(/^\/v[\d.]+\/(\d+\/)?/, '');
  const result = one.note === 'dropped' ? 'lost' : one.status || '…';
  return el('li', { class: bad ? 'bad' : false }, one.kind === 'webhook' ? '←' : '→', el('span', {}, `${one.method} ${path}`), String(result));
}
