import { afterEach, expect, test, vi } from 'vitest';
import { inkOn, MARK, safeColor } from './bridge';
import { Host } from './frame/state/host.svelte';

const shop = 'https://shop.example';
const parent = { postMessage: vi.fn() };
afterEach(() => vi.unstubAllGlobals());

function framed(): Host {
  vi.stubGlobal('parent', parent);
  return new Host(true, shop);
}
function say(data: unknown, origin = shop, source: unknown = parent): void {
  window.dispatchEvent(Object.assign(new MessageEvent('message', { data, origin }), { source }));
}

test('Only the page around the frame, from the origin it named, opens the panel.', () => {
  const host = framed();
  const shown = { d: MARK, t: 'shown', shown: true, focus: false };
  Object.defineProperty(MessageEvent.prototype, 'source', {
    writable: true,
    configurable: true,
    value: null,
  });
  for (const [data, origin, source] of [
    [shown, 'https://evil.example', parent],
    [shown, shop, {}],
    [{ ...shown, d: 'other' }, shop, parent],
    ['shown', shop, parent],
    [null, shop, parent],
  ] as const) {
    say(data, origin, source);
    expect(host.shown).toBe(false);
  }
  say(shown);
  expect(host.shown).toBe(true);
});

test('The frame speaks to that origin only, and on the hosted page to nobody.', () => {
  framed().tell({ d: MARK, t: 'close' });
  expect(parent.postMessage).toHaveBeenCalledExactlyOnceWith({ d: MARK, t: 'close' }, shop);
  new Host(false, '').tell({ d: MARK, t: 'close' });
  expect(parent.postMessage).toHaveBeenCalledTimes(1);
});

test('A colour that is not #rrggbb never reaches a style sheet.', () => {
  expect(safeColor('#0b7a4b')).toBe('#0b7a4b');
  for (const bad of ['red}*{display:none', '#fff', 'url(x)', 7, null]) expect(safeColor(bad)).toBe('');
});

test('Text on a brand colour is black or white, whichever reads better.', () => {
  expect([inkOn('#1f5fd6'), inkOn('#ffe27a'), inkOn('#000000'), inkOn('#ffffff')]).toEqual([
    '#fff',
    '#000',
    '#fff',
    '#000',
  ]);
});
