import type { Me, Notice, Row, ServerFrame } from '../../client/frames';
import type { Api } from '../../client/http';
import { tabOf } from '../lib/placement';
import { toldOf, type AlertKind } from '../lib/told';
import { Alerts } from './alerts';
import { Bell } from './bell.svelte';
import type { Lists } from './lists.svelte';
import { pathOf, type Router } from './router.svelte';
import type { Sounds } from './sounds';

interface Options {
  api: Api;
  me(): Me;
  lists: Lists;
  router: Router;
  sounds: Sounds;
  /** Whether conversation `c` is open before the person's eyes. */
  looksAt(c: number): boolean;
}

/** What happened, made into the bell's list, sounds and browser notifications (TEAM-3, TEAM-6). */
export class News {
  readonly bell: Bell;
  readonly alerts: Alerts;
  readonly #o: Options;
  /** Conversations that ring here, and since when. */
  readonly #calls = new Map<number, number | null | undefined>();

  constructor(options: Options) {
    this.#o = options;
    this.bell = new Bell(options.api);
    this.alerts = new Alerts({ ...options, open: (c, kind) => this.goTo(c, kind) });
  }

  hear(frame: Extract<ServerFrame, { t: 'notice' | 'notices_read' }>): void {
    if (frame.t === 'notice') this.#told(frame.n);
    else this.bell.wasRead(frame.ids);
  }

  /** A ring is told by the card that rings. */
  #told(notice: Notice): void {
    if (!this.bell.told(notice) || notice.read) return;
    const { id, c, customer } = notice;
    if (this.#o.looksAt(c)) this.bell.looked(c);
    const kind = notice.kind as AlertKind;
    if (kind === 'offered') return;
    void this.alerts.tell({
      key: `notice.${id}`,
      kind,
      c,
      title: toldOf(notice),
      body: `${customer}, #${c}`,
    });
  }

  /** A new chat of one's own, or a customer's message in one. */
  card(kind: 'chat' | 'message', { id, last_seq, customer, preview }: Row): void {
    const title = kind === 'chat' ? `New chat from ${customer.name}` : customer.name;
    void this.alerts.tell({ key: `${kind}.${id}.${last_seq}`, kind, c: id, title, body: preview });
  }

  /** A card as it is now: does it ring at this person (LIFE-2)? */
  saw(row: Row): void {
    const rings = row.state === 'offered' && row.offered_to === this.#o.me().id;
    if (!rings && !this.#calls.delete(row.id)) return;
    const { id, offered_at, customer, preview } = row;
    if (rings && this.#calls.get(id) !== offered_at) {
      this.#calls.set(id, offered_at);
      const key = `offered.${id}.${offered_at}`;
      void this.alerts.tell({ key, kind: 'offered', c: id, title: `${customer.name} rings`, body: preview });
    }
    this.alerts.ring(this.#calls.size > 0);
  }

  /** The line is cut: nobody knows what rings now. The lists tell when it is back. */
  cut(): void {
    this.#calls.clear();
    this.alerts.ring(false);
  }

  /** Opens conversation `c` in the list where it stands now, as far as that is known. */
  goTo(c: number, kind?: string): void {
    const { lists, me, router } = this.#o;
    const row = lists.card(c)?.row;
    const tab = row && tabOf(row, { me: me(), scope: lists.scope });
    router.go(pathOf(tab ?? (kind === 'mention' ? 'tagged' : 'live'), c));
  }
}
