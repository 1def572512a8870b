import type { Me } from '../../client/frames';
import type { AlertKind, Way } from '../lib/told';
import type { Sounds, Tune } from './sounds';

/** `key` is the same in every tab that hears of the same thing. */
export interface Alert {
  key: string;
  kind: AlertKind;
  c: number;
  title: string;
  body: string;
}

interface Options {
  me(): Me;
  sounds: Sounds;
  looksAt(c: number): boolean;
  /** A browser notification was clicked. */
  open(c: number, kind: AlertKind): void;
}

const HELD = 5000;
const RING_EVERY = 3000;
const TUNES: Partial<Record<AlertKind, Tune>> = { chat: 'chat', message: 'message' };

/** Whether this browser shows notifications: `granted`, `denied`, `default` (never asked), or it cannot. */
export function permission(): NotificationPermission | 'impossible' {
  return 'Notification' in window && isSecureContext ? Notification.permission : 'impossible';
}

/**
 * Sounds and browser notifications (TEAM-6). Of all tabs of one person in a browser only one tells: the one in front, else
 * one that may make sounds. Each alert is claimed by a lock; where the browser has none, every tab tells.
 */
export class Alerts {
  readonly #o: Options;
  #ringing: AbortController | undefined;

  constructor(options: Options) {
    this.#o = options;
  }

  /** Whether this person wants that kind to be told in that way. */
  wants(kind: AlertKind, way: Way): boolean {
    return !(this.#o.me().settings.quiet ?? []).includes(`${kind}.${way}`);
  }

  async tell(alert: Alert): Promise<void> {
    const inFront = document.visibilityState === 'visible' && document.hasFocus();
    const looked = this.#o.looksAt(alert.c);
    if (!inFront) await wait(this.#o.sounds.ready ? 60 : 160);
    if (!(await this.#claim(alert.key)) || looked) return;
    const goesOn = alert.kind === 'offered'; // its tone is that of `ring`
    if (!goesOn && this.wants(alert.kind, 'sound')) this.#o.sounds.play(TUNES[alert.kind] ?? 'notice');
    if (!inFront && this.wants(alert.kind, 'browser')) this.#show(alert);
  }

  /** First come, first served among the tabs. */
  #claim(key: string): Promise<boolean> {
    const { locks } = navigator as { locks?: LockManager };
    if (!locks) return Promise.resolve(true);
    return new Promise((claimed) => {
      const name = `deskbell.alert.${this.#o.me().id}.${key}`;
      void locks.request(name, { ifAvailable: true }, (lock) => {
        claimed(lock !== null);
        return lock ? wait(HELD) : undefined;
      });
    });
  }

  /** One notification for each conversation, whichever tab shows it. */
  #show({ c, kind, title, body }: Alert): void {
    if (permission() !== 'granted') return;
    try {
      const shown = new Notification(title, { body, tag: `deskbell.${c}` });
      shown.onclick = () => {
        focus();
        shown.close();
        this.#o.open(c, kind);
      };
    } catch {
      // Some phones show them only through a service worker: the bell and the sound remain.
    }
  }

  /** A chat rings at this person, or no longer: the tone goes on until then, in one tab. */
  ring(on: boolean): void {
    const rings = on && this.wants('offered', 'sound');
    if (rings === (this.#ringing !== undefined)) return;
    this.#ringing?.abort();
    this.#ringing = rings ? new AbortController() : undefined;
    if (this.#ringing) void this.#goOn(this.#ringing.signal);
  }

  async #goOn(signal: AbortSignal): Promise<void> {
    while (!this.#o.sounds.ready && !signal.aborted) await wait(500);
    const play = async () => {
      while (!signal.aborted) {
        this.#o.sounds.play('ring');
        await wait(RING_EVERY, signal);
      }
    };
    const { locks } = navigator as { locks?: LockManager };
    if (!locks) return play();
    await locks.request(`deskbell.ring.${this.#o.me().id}`, { signal }, play).catch(() => undefined);
  }
}

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', () => (clearTimeout(timer), done()), { once: true });
  });
}
