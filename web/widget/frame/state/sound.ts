/** Whether a beep may sound; how it sounds comes with the first. */

let context: AudioContext | undefined;

/** Browsers allow sound only after a person has touched the page: call it on such a touch. */
export function allowSound(): void {
  try {
    context ??= new AudioContext();
    if (context.state === 'suspended') void context.resume();
  } catch {
    context = undefined;
  }
}

export function beep(): void {
  const audio = context;
  if (audio?.state === 'running')
    import('./tones').then(
      (file) => file.play(audio),
      () => undefined,
    );
}
