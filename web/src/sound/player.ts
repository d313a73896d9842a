import { ref } from 'vue';
import { settings } from '@/state/settings';
import { SOUNDS, type SoundName } from './notes';
import { isSpeaker } from './speaker';

const NOTE_S = 0.09;

/** Whether the browser waits for a click before it lets this page sound: after every load it does. */
export const isSilenced = ref(typeof navigator === 'undefined' || !navigator.userActivation?.hasBeenActive);

let context: AudioContext | null = null;

/** Asks the browser for sound at each touch until it agrees: not every key counts as one, and none before it. */
export function awaitSound(): void {
  const touches = ['pointerdown', 'pointerup', 'keydown'];
  const touched = async () => {
    if (!navigator.userActivation?.hasBeenActive) return;
    context ??= new AudioContext();
    await context.resume();
    isSilenced.value = context.state !== 'running';
    if (!isSilenced.value) for (const touch of touches) removeEventListener(touch, listener);
  };
  const listener = () => void touched();
  for (const touch of touches) addEventListener(touch, listener);
}

/** Plays a sound, unless the page is muted or another window sounds. A test is heard all the same. */
export function play(name: SoundName, volume: number, isTest = false): void {
  if (!isTest && (settings.isMuted || !isSpeaker.value)) return;
  context ??= new AudioContext();
  if (context.state !== 'running') {
    isSilenced.value = true;
    void context.resume().then(() => (isSilenced.value = context?.state !== 'running'));
    if (!isTest) return;
  }
  const audio = context;
  SOUNDS[name].forEach((pitch, index) => {
    const begin = audio.currentTime + index * NOTE_S;
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    tone.frequency.value = pitch;
    gain.gain.setValueAtTime(volume * settings.volume * 0.5, begin);
    gain.gain.exponentialRampToValueAtTime(0.001, begin + NOTE_S * 1.6);
    tone.connect(gain).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + NOTE_S * 1.7);
  });
}

/** Says a text aloud, where the browser can. */
export function say(text: string): void {
  if (settings.isMuted || !isSpeaker.value || typeof speechSynthesis === 'undefined') return;
  const words = new SpeechSynthesisUtterance(text);
  words.volume = settings.volume;
  speechSynthesis.speak(words);
}
