import { ref } from 'vue';

const LOCK = 'streams.sound';

/** Whether this window sounds: of several one does, which holds the lock until it is closed. */
export const isSpeaker = ref(typeof navigator === 'undefined' || navigator.locks === undefined);

if (!isSpeaker.value) {
  void navigator.locks.request(LOCK, () => {
    isSpeaker.value = true;
    return new Promise(() => undefined);
  });
}
