// A short, soft sound; made here, so that nothing is fetched for it.

/** Sound once, however many windows heard the message; the badge tells it as well where there can be no sound. */
export function chime(): void {
  if (navigator.userActivation?.hasBeenActive === false) return; // browsers refuse it before a first click, and say so to the page
  const { locks } = navigator;
  void (locks ? locks.request("relevo:sound", { ifAvailable: true }, (lock) => lock && play()) : play());
}

async function play(): Promise<void> {
  if (typeof AudioContext === "undefined") return;
  const audio = new AudioContext();
  [659.3, 880].forEach((pitch, index) => note(audio, pitch, audio.currentTime + index * 0.11));
  await new Promise((over) => setTimeout(over, 900));
  await audio.close();
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
