/** Whether somebody can answer, as it was when last asked (VISITOR-8). Nobody is told of changes: it is asked again. */
import type { Boot } from '../../../client/frames';

const FRESH = 10_000;

export class Answers {
  open = $state.raw(true);
  why = $state.raw<Boot['why']>(null);
  /** When the hours begin again; null when that is not known, or not the reason. */
  opensAt = $state.raw<number | null>(null);
  /** The desk takes nothing from this person just now; it says no more than that (BLOCK-3). */
  away = $state.raw(false);
  #askedAt = 0;

  learn({ open, why, opens_at }: Boot): void {
    this.#askedAt = Date.now();
    this.open = open;
    this.why = why;
    this.opensAt = opens_at;
  }

  /** What the desk says to something that was tried, or unasked. */
  hear(code: string): void {
    this.away = code === 'unavailable';
  }

  forget(): void {
    this.#askedAt = 0;
  }

  get fresh(): boolean {
    return Date.now() - this.#askedAt < FRESH;
  }
}
