import type { Line, Pending } from '../../../client/pending';

const WITHIN = 4_000;

/** Acknowledged, but the entry has not come yet: still shown, as stored. */
export class Landing {
  list = $state.raw<Line>([]);

  /** Keeps the echo in place until the entry comes; `late` is called when that takes too long. */
  add(item: Pending, c: number, late: () => void): void {
    if (item.frame.t === 'close') return;
    const { id, text = '' } = item.frame;
    const kept: Pending = { ...item, frame: { t: 'send', id, c, text } };
    this.list = [...this.list, kept];
    setTimeout(() => this.list.includes(kept) && late(), WITHIN);
  }

  has(item: Pending): boolean {
    return this.list.some((one) => one.frame.id === item.frame.id);
  }

  landed(ids: ReadonlySet<string | undefined>): void {
    if (this.list.length) this.list = this.list.filter((item) => !ids.has(item.frame.id));
  }
}
