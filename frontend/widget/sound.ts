// A short, soft sound; made here, so that nothing is fetched for it.

export function chime(): void {
  try {
    const audio = new AudioContext();
    [659.3, 880].forEach((pitch, index) => note(audio, pitch, audio.currentTime + index * 0.11));
    setTimeout(() => void audio.close(), 900);
  } catch {
    // a browser without sound, or one that waits for a first click: the badge tells it as well
  }
}

function note(audio: AudioContext, pitch: number, at: number): void {
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = pitch;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.08, at + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.4);
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + 0.42);
}
