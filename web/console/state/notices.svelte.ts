const STAYS = 7000;
const MOST = 3;

export interface Notice {
  id: number;
  text: string;
  kind: 'info' | 'alert';
}

/** Short notices at the bottom of the screen, read out by screen readers. */
export class Notices {
  shown: readonly Notice[] = $state.raw([]);
  #next = 1;

  say(text: string, kind: Notice['kind'] = 'info'): void {
    const id = this.#next++;
    this.shown = [...this.shown.filter((one) => one.text !== text), { id, text, kind }].slice(-MOST);
    setTimeout(() => this.drop(id), STAYS);
  }

  drop(id: number): void {
    this.shown = this.shown.filter((one) => one.id !== id);
  }
}
