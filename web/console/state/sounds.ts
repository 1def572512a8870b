/** Short tones made in the browser: no sound files, nothing to download. */
export type Tune = 'message' | 'chat' | 'notice' | 'ring';

const TUNES: Record<Tune, [frequency: number, at: number][]> = {
  message: [
    [740, 0],
    [988, 0.09],
  ],
  chat: [
    [587, 0],
    [740, 0.13],
    [988, 0.26],
  ],
  notice: [
    [880, 0],
    [659, 0.12],
  ],
  ring: [
    [784, 0],
    [988, 0.16],
    [784, 0.32],
    [988, 0.48],
    [784, 0.64],
    [988, 0.8],
  ],
};
const NOT_MORE_OFTEN = 700;

export class Sounds {
  readonly #wanted: () => boolean;
  #context: AudioContext | undefined;
  #last = 0;

  constructor(wanted: () => boolean) {
    this.#wanted = wanted;
    // Browsers keep audio silent until the first real click or key of a page.
    const wake = () => {
      if (!navigator.userActivation.isActive) return;
      removeEventListener('pointerdown', wake);
      removeEventListener('keydown', wake);
      this.#context = new AudioContext();
      void this.#context.resume();
    };
    addEventListener('pointerdown', wake);
    addEventListener('keydown', wake);
  }

  /** Whether the browser lets this page sound. */
  get ready(): boolean {
    return this.#context?.state === 'running';
  }

  play(tune: Tune): void {
    const context = this.#context;
    if (
      !this.#wanted() ||
      !context ||
      context.state !== 'running' ||
      Date.now() - this.#last < NOT_MORE_OFTEN
    )
      return;
    this.#last = Date.now();
    for (const [frequency, at] of TUNES[tune]) this.#tone(context, frequency, context.currentTime + at);
  }

  #tone(context: AudioContext, frequency: number, at: number): void {
    const tone = context.createOscillator();
    const loudness = context.createGain();
    tone.frequency.value = frequency;
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(0.12, at + 0.015);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.32);
    tone.connect(loudness).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.35);
  }
}
