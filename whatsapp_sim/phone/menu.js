// One menu for the page: opened at a button, walked by arrow keys, closed by Escape, Tab or a click elsewhere.

import { byId, el } from './dom.js';

const menu = byId('menu');
let opener = null;

/** `items`: {label, act} or {faces: [emoji], act(emoji)}. */
export function open(button, items) {
  close();
  opener = button;
  opener.setAttribute('aria-expanded', 'true');
  menu.replaceChildren(...items.map(shown));
  menu.hidden = false;
  place(button.getBoundingClientRect());
  menu.querySelector('button')?.focus();
}

function shown(item) {
  const pick = (value) => () => {
    close();
    item.act(value);
  };
  if (!item.faces) return el('button', { type: 'button', role: 'menuitem', click: pick() }, item.label);
  const faces = item.faces.map((face) =>
    el('button', { type: 'button', role: 'menuitem', 'aria-label': `React with ${face}`, click: pick(face) }, face)
  );
  return el('div', { class: 'faces', role: 'none' }, ...faces);
}

function place(at) {
  const { offsetWidth: width, offsetHeight: height } = menu;
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  menu.style.top = `${at.bottom + height + 8 > innerHeight ? Math.max(8, at.top - height - 4) : at.bottom + 4}px`;
}

export function close() {
  if (menu.hidden) return;
  menu.hidden = true;
  opener?.setAttribute('aria-expanded', 'false');
  opener?.focus();
  opener = null;
}

menu.addEventListener('keydown', (event) => {
  const buttons = [...menu.querySelectorAll('button')];
  const at = buttons.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (step) buttons[(at + step + buttons.length) % buttons.length].focus();
  else if (event.key === 'Home') buttons[0].focus();
  else if (event.key === 'End') buttons.at(-1).focus();
  else if (event.key === 'Escape' || event.key === 'Tab') close();
  else return;
  event.preventDefault();
});

document.addEventListener('pointerdown', (event) => {
  if (!menu.hidden && !menu.contains(event.target)) close();
});
