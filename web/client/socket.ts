/**
 * One live connection to the desk, kept up: hello, heartbeat both ways, back-off with full jitter, close codes of
 * docs/protocol.md. It carries frames and knows nothing of conversations.
 */
import { PROTOCOL, type ClientFrame, type Hello, type Ready, type ServerFrame } from './frames';

export type Stop =
  /** 4001: not signed in, token unknown */
  | 'auth'
  /** 4003 */
  | 'forbidden'
  /** 4009: signed out, expired, deactivated */
  | 'ended'
  /** 4015: this page is older than the server */
  | 'upgrade'
  /** `stop()` was called */
  | 'closed';

export type Status =
  | { readonly is: 'connecting'; readonly since: number }
  | { readonly is: 'online'; readonly since: number; readonly ready: Ready }
  /** Lost; trying again at `next`. `since` is when it was lost. */
  | { readonly is: 'offline'; readonly since: number; readonly next: number }
  | { readonly is: 'stopped'; readonly since: number; readonly why: Stop };

export interface SocketOptions {
  /** Absolute ws(s) address, or a path on this page's host. */
  url: string;
  /** Asked at each connect: the token and what each conversation has (thread.complete). */
  hello(): { token?: string; have?: Record<string, number> };
  frame(frame: Exclude<ServerFrame, { t: 'ping' } | { t: 'pong' }>): void;
  status(status: Status): void;
  now?(): number;
  random?(): number;
}

const CONNECT_WITHIN = 10_000;
const ANSWER_WITHIN = 10_000;
const WAKE_ANSWER_WITHIN = 4_000;
const BACKOFF_FIRST = 500;
const BACKOFF_MOST = 30_000;
const STABLE_AFTER = 10_000;
const COOL_DOWN = 10_000;
const STOPS: Record<number, Stop> = { 4001: 'auth', 4003: 'forbidden', 4009: 'ended', 4015: 'upgrade' };

/** How long to wait before try number `tries` (0 = first again): full jitter, never quite nothing. */
export function backoff(tries: number, random: number): number {
  return 100 + random * Math.min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** Math.min(tries, 10));
}

export class DeskSocket {
  #socket: WebSocket | undefined;
  #status: Status;
  #tries = 0;
  #byeAfter: number | undefined;
  #heartbeat = 20_000;
  #lastSent = 0;
  #timers: Partial<
    Record<'connect' | 'beat' | 'answer' | 'retry' | 'stable', ReturnType<typeof setTimeout>>
  > = {};
  readonly #options: SocketOptions;
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#status = { is: 'stopped', since: this.#now(), why: 'closed' };
  }

  get status(): Status {
    return this.#status;
  }

  start(): void {
    if (this.#status.is !== 'stopped') return;
    this.#tries = 0;
    window.addEventListener('online', this.#wake);
    window.addEventListener('offline', this.#wake);
    window.addEventListener('pageshow', this.#wake);
    document.addEventListener('visibilitychange', this.#wake);
    this.#connect();
  }

  stop(): void {
    this.#halt('closed');
  }

  /** A person does not want to wait for the next try. */
  retryNow(): void {
    if (this.#status.is === 'offline') this.#connect();
  }

  /** Sends a frame; false when not online (the caller keeps it or forgets it, as it likes). */
  send(frame: ClientFrame): boolean {
    if (this.#status.is !== 'online' || this.#socket?.readyState !== 1) return false;
    this.#put(frame);
    return true;
  }

  #put(frame: ClientFrame): void {
    this.#lastSent = this.#now();
    this.#socket?.send(JSON.stringify(frame));
  }

  #connect(): void {
    this.#clear();
    this.#byeAfter = undefined;
    const since = this.#status.is === 'offline' ? this.#status.since : this.#now();
    this.#set({ is: 'connecting', since });
    const url = new URL(this.#options.url, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    let socket: WebSocket;
    try {
      socket = new WebSocket(url);
    } catch {
      return this.#lost(0);
    }
    this.#socket = socket;
    socket.onopen = () => {
      const { token, have } = this.#options.hello();
      const hello: Hello = { t: 'hello', v: PROTOCOL, ...(token && { token }), ...(have && { have }) };
      this.#put(hello);
    };
    socket.onmessage = (event) => this.#receive(socket, event.data);
    socket.onclose = (event) => this.#socket === socket && this.#lost(event.code);
    this.#timers.connect = setTimeout(() => this.#abandon(), CONNECT_WITHIN);
  }

  #receive(socket: WebSocket, data: unknown): void {
    if (this.#socket !== socket || typeof data !== 'string') return;
    clearTimeout(this.#timers.answer);
    this.#timers.answer = undefined;
    for (const line of data.split('\n')) {
      if (line && this.#socket === socket) this.#dispatch(JSON.parse(line) as ServerFrame);
    }
  }

  #dispatch(frame: ServerFrame): void {
    if (frame.t === 'pong') return;
    if (frame.t === 'ping') return this.#put({ t: 'pong' });
    if (frame.t === 'bye') this.#byeAfter = frame.after;
    if (frame.t === 'ready') this.#online(frame);
    this.#options.frame(frame);
  }

  #online(ready: Ready): void {
    clearTimeout(this.#timers.connect);
    this.#heartbeat = Math.max(1000, ready.heartbeat);
    this.#timers.stable = setTimeout(() => (this.#tries = 0), STABLE_AFTER);
    this.#set({ is: 'online', since: this.#now(), ready });
    this.#beat();
  }

  /** A frame at least each heartbeat; silence after a ping means the line is dead. */
  #beat(): void {
    const wait = this.#lastSent + this.#heartbeat * 0.8 - this.#now();
    if (wait <= 0) this.#ask(ANSWER_WITHIN);
    clearTimeout(this.#timers.beat);
    this.#timers.beat = setTimeout(
      () => this.#beat(),
      Math.max(250, wait <= 0 ? this.#heartbeat * 0.8 : wait),
    );
  }

  #ask(within: number): void {
    this.#put({ t: 'ping' });
    if (this.#timers.answer !== undefined && within >= ANSWER_WITHIN) return;
    clearTimeout(this.#timers.answer);
    this.#timers.answer = setTimeout(() => this.#abandon(), within);
  }

  /** Leaves a dead line at once: its close event may be minutes away. */
  #abandon(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    this.#lost(0);
  }

  #lost(code: number): void {
    const stop = STOPS[code];
    if (stop) return this.#halt(stop);
    this.#clear();
    this.#socket = undefined;
    const since = this.#status.is === 'online' ? this.#now() : this.#status.since;
    const delay = this.#delay(code);
    this.#tries += 1;
    this.#set({ is: 'offline', since, next: this.#now() + delay });
    this.#timers.retry = setTimeout(() => this.#connect(), delay);
  }

  #delay(code: number): number {
    const jitter = backoff(this.#tries, this.#random());
    if (code === 4008 || code === 4014) return COOL_DOWN + jitter;
    return this.#byeAfter === undefined ? jitter : Math.min(this.#byeAfter, 120_000);
  }

  /** The page came back, or the network changed: try now, or make sure the line still lives. */
  #wake = (): void => {
    if (document.visibilityState === 'hidden') return;
    if (this.#status.is === 'online') this.#ask(WAKE_ANSWER_WITHIN);
    else if (this.#status.is === 'offline' && navigator.onLine) this.#connect();
  };

  #halt(why: Stop): void {
    this.#clear();
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
    window.removeEventListener('online', this.#wake);
    window.removeEventListener('offline', this.#wake);
    window.removeEventListener('pageshow', this.#wake);
    document.removeEventListener('visibilitychange', this.#wake);
    if (this.#status.is !== 'stopped') this.#set({ is: 'stopped', since: this.#now(), why });
  }

  #clear(): void {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers = {};
  }

  #set(status: Status): void {
    this.#status = status;
    this.#options.status(status);
  }
}
