/** The one thing tests replace: the browser's WebSocket. */
import type { ClientFrame, ServerFrame } from './frames';

export class FakeSocket {
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }
  readyState = 0;
  readonly sent: ClientFrame[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;
  readonly url: string;

  constructor(url: string | URL) {
    this.url = String(url);
    FakeSocket.all.push(this);
  }
  send(data: string): void {
    for (const line of data.split('\n')) this.sent.push(JSON.parse(line) as ClientFrame);
  }
  close(): void {
    this.closed = true;
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  push(...frames: ServerFrame[]): void {
    this.onmessage?.({ data: frames.map((frame) => JSON.stringify(frame)).join('\n') });
  }
  drop(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
  ready(heartbeat = 20_000): void {
    this.open();
    this.push({ t: 'ready', v: 1, conn: 'a', node: 'n', now: 0, heartbeat });
  }
}
