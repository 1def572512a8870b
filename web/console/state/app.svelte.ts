import { Api, ApiError } from '../../client/http';
import type { Me } from '../../client/frames';
import { Desk } from './desk.svelte';
import { Router } from './router.svelte';

/** Staff calls carry the header that a foreign page cannot set; an ended session is noticed wherever it shows. */
class StaffApi extends Api {
  readonly #ended: () => void;

  constructor(ended: () => void) {
    super(() => ({ 'X-Deskbell': '1' }));
    this.#ended = ended;
  }

  override async call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    try {
      return await super.call<T>(method, path, body, signal);
    } catch (error) {
      const signing = path === '/api/session' || path === '/api/setup';
      if (error instanceof ApiError && error.status === 401 && !signing) this.#ended();
      throw error;
    }
  }
}

type Phase = 'starting' | 'broken' | 'setup' | 'signin' | 'desk';

/** From the first byte to the desk: who is there, and which page that means. The route is kept over a sign-in. */
export class App {
  phase: Phase = $state('starting');
  notice = $state('');
  desk: Desk | null = $state.raw(null);
  readonly router = new Router();
  readonly api: Api = new StaffApi(() =>
    this.#end('Your session has ended. Sign in again to go on where you were.'),
  );

  async start(): Promise<void> {
    this.phase = 'starting';
    try {
      this.enter(await this.api.get<Me>('/api/session'));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return this.#outside();
      this.phase = 'broken';
      this.notice = error instanceof ApiError ? error.message : 'Something went wrong.';
    }
  }

  async #outside(): Promise<void> {
    const { open } = await this.api.get<{ open: boolean }>('/api/setup').catch(() => ({ open: false }));
    if (open) this.router.go('/setup', 'replace');
    this.phase = open ? 'setup' : 'signin';
  }

  enter(me: Me): void {
    this.notice = '';
    if (this.router.place.page === 'setup') this.router.go('/live', 'replace');
    this.router.restore(me.settings.lists);
    this.desk = new Desk(me, this.api, this.router, () =>
      this.#end('Your session has ended. Sign in again to go on where you were.'),
    );
    this.desk.start();
    this.phase = 'desk';
  }

  async signOut(): Promise<void> {
    await this.api.delete('/api/session').catch(() => undefined);
    this.#end('You are signed out.');
  }

  #end(notice: string): void {
    if (this.phase !== 'desk') return;
    this.phase = 'signin';
    this.notice = notice;
    this.desk?.stop();
    this.desk = null;
  }
}
