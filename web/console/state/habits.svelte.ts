import type { ListSettings } from '../../client/frames';
import type { Api } from '../../client/http';

const SAVE_AFTER = 700;

/** How this person leaves the lists: kept on the server, so that another device begins in the same way. */
export class Habits {
  /** Folded sections of the supervisors' desk, as `foldOf` names them. */
  folded: readonly number[] = $state.raw([]);
  readonly #api: Api;
  #saved: string;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api, settings: ListSettings | null | undefined) {
    this.#api = api;
    this.folded = settings?.folded ?? [];
    this.#saved = JSON.stringify(settings ?? {});
  }

  toggle(section: number): void {
    const folded = this.folded.filter((one) => one !== section);
    this.folded = folded.length < this.folded.length ? folded : [...folded, section];
  }

  /** What a search looks for is not a habit: another day begins without it. */
  note(tab: string, scope: 'mine' | 'all', queries: Readonly<Record<string, string>>): void {
    const filters: Record<string, string> = {};
    for (const [name, query] of Object.entries(queries)) {
      const kept = new URLSearchParams(query);
      kept.delete('q');
      if (kept.size) filters[name] = kept.toString();
    }
    const lists: ListSettings = { tab, scope, filters, folded: [...this.folded] };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(lists), SAVE_AFTER);
  }

  #save(lists: ListSettings): void {
    const text = JSON.stringify(lists);
    if (text === this.#saved) return;
    // Lost without a word when it fails: it is a comfort, and the next change saves all of it.
    this.#api.patch('/api/me/settings', { lists }).then(
      () => (this.#saved = text),
      () => undefined,
    );
  }
}
