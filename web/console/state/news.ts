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
  #rang: ReadonlySet<string> = new Set();

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

  /** These chats ring at this person now, maybe none (LIFE-2). */
  rings(calls: readonly Row[]): void {
    const ringing = new Map(calls.map((row) => [`offered.${row.id}.${row.offered_at}`, row]));
    for (const [key, { id, customer, preview }] of ringing)
      if (!this.#rang.has(key))
        void this.alerts.tell({
          key,
          kind: 'offered',
          c: id,
          title: `${customer.name} rings`,
          body: preview,
        });
    this.#rang = new Set(ringing.keys());
    this.alerts.ring(calls.length > 0);
  }

  /** Opens conversation `c` in the list where it stands now, as far as that is known. */
  goTo(c: number, kind?: string): void {
    const { lists, me, router } = this.#o;
    const row = lists.card(c)?.row;
    const tab = row && tabOf(row, { me: me(), scope: lists.scope });
    router.go(pathOf(tab ?? (kind === 'mention' ? 'tagged' : 'live'), c));
  }
}
