import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSocket } from './fakes';
import type { ServerFrame } from './frames';
import { backoff, DeskSocket, type Status } from './socket';

let frames: ServerFrame[];
let states: Status[];
let socket: DeskSocket;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeSocket);
  FakeSocket.all = [];
  frames = [];
  states = [];
  socket = new DeskSocket({
    url: '/api/widget/socket',
    hello: () => ({ token: 'secret', have: { '7': 3 } }),
    frame: (frame) => frames.push(frame),
    status: (status) => states.push(status),
    random: () => 0.5,
  });
  socket.start();
});
afterEach(() => {
  socket.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const is = () => socket.status.is;

test('The first frame is hello with the token and what it has; nothing is sent before ready.', () => {
  expect(FakeSocket.last.url).toMatch(/^ws.*\/api\/widget\/socket$/);
  FakeSocket.last.open();
  expect(FakeSocket.last.sent).toEqual([{ t: 'hello', v: 1, token: 'secret', have: { '7': 3 } }]);
  expect(socket.send({ t: 'typing', c: 7, on: true })).toBe(false);
  FakeSocket.last.ready();
  expect(is()).toBe('online');
  expect(socket.send({ t: 'typing', c: 7, on: true })).toBe(true);
});

test('Several frames in one message are handed on one by one, in order.', () => {
  FakeSocket.last.ready();
  FakeSocket.last.push({ t: 'changed', what: ['counts'] }, { t: 'availability', available: true });
  expect(frames.map((frame) => frame.t)).toEqual(['ready', 'changed', 'availability']);
});

test('An idle line is pinged within the heartbeat and a silent one is left for a new one.', () => {
  FakeSocket.last.ready(20_000);
  vi.advanceTimersByTime(16_000);
  expect(FakeSocket.last.sent.at(-1)).toEqual({ t: 'ping' });
  FakeSocket.last.push({ t: 'pong' });
  vi.advanceTimersByTime(16_000);
  expect(is()).toBe('online');
  vi.advanceTimersByTime(10_000);
  expect(FakeSocket.all[0]?.closed).toBe(true);
  expect(is()).toBe('offline');
  vi.advanceTimersByTime(1_000);
  expect(FakeSocket.all).toHaveLength(2);
});

test('A ping of the server is answered.', () => {
  FakeSocket.last.ready();
  FakeSocket.last.push({ t: 'ping' });
  expect(FakeSocket.last.sent.at(-1)).toEqual({ t: 'pong' });
});

test('Waits grow with each failed try, spread at random and with a ceiling.', () => {
  expect(backoff(0, 0)).toBe(100);
  expect(backoff(0, 1)).toBe(600);
  expect(backoff(3, 1)).toBe(4100);
  expect(backoff(50, 1)).toBe(30_100);
});

test('A drained node is left after the time it named.', () => {
  FakeSocket.last.ready();
  FakeSocket.last.push({ t: 'bye', code: 4013, text: 'The server restarts.', after: 3000 });
  FakeSocket.last.drop(4013);
  vi.advanceTimersByTime(2999);
  expect(FakeSocket.all).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(FakeSocket.all).toHaveLength(2);
});

test.each([
  [4001, 'auth'],
  [4003, 'forbidden'],
  [4009, 'ended'],
  [4015, 'upgrade'],
])('Close code %i stops for good: %s.', (code, why) => {
  FakeSocket.last.ready();
  FakeSocket.last.drop(code);
  vi.advanceTimersByTime(120_000);
  expect(socket.status).toMatchObject({ is: 'stopped', why });
  expect(FakeSocket.all).toHaveLength(1);
});

test('After too many frames it keeps away for ten seconds.', () => {
  FakeSocket.last.ready();
  FakeSocket.last.drop(4008);
  vi.advanceTimersByTime(9_999);
  expect(FakeSocket.all).toHaveLength(1);
});

test('When the network is back it connects at once; the time of the loss is kept.', () => {
  FakeSocket.last.ready();
  vi.advanceTimersByTime(5000);
  FakeSocket.last.drop(1006);
  const lost = socket.status.since;
  window.dispatchEvent(new Event('online'));
  expect(FakeSocket.all).toHaveLength(2);
  expect(socket.status).toEqual({ is: 'connecting', since: lost });
});

test('A page that was frozen finds a dead line within seconds of coming back.', () => {
  FakeSocket.last.ready();
  document.dispatchEvent(new Event('visibilitychange'));
  expect(FakeSocket.last.sent.at(-1)).toEqual({ t: 'ping' });
  vi.advanceTimersByTime(4_000);
  expect(is()).toBe('offline');
});

test('Frames of a line that was left behind change nothing.', () => {
  const old = FakeSocket.last;
  old.ready();
  old.drop(1006);
  window.dispatchEvent(new Event('online'));
  frames.length = 0;
  old.push({ t: 'availability', available: true });
  expect(frames).toEqual([]);
});
