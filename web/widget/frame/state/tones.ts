/** A soft two-tone beep, made here so that no sound file is fetched. */
export function play(audio: AudioContext): void {
  const from = audio.currentTime;
  [660, 880].forEach((pitch, index) => tone(audio, pitch, from + index * 0.12));
}

function tone(audio: AudioContext, pitch: number, from: number): void {
  const source = audio.createOscillator();
  const volume = audio.createGain();
  source.frequency.value = pitch;
  volume.gain.setValueAtTime(0, from);
  volume.gain.linearRampToValueAtTime(0.09, from + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, from + 0.22);
  source.connect(volume).connect(audio.destination);
  source.start(from);
  source.stop(from + 0.25);
}
