/** Sounds that an alert can have: pitches (Hz) one after the other. */
export const SOUNDS = {
  rise: [660, 990],
  fall: [660, 440],
  ping: [1_175],
  knock: [220, 220],
  bell: [880, 1_320, 1_760],
} as const;
export type SoundName = keyof typeof SOUNDS;
