import { onErrorCaptured, ref, type Ref } from 'vue';

/** Keeps what goes wrong inside a component from what is around it; returns it in words, empty while nothing does. */
export function useFailure(): Ref<string> {
  const failure = ref('');
  onErrorCaptured((error) => {
    failure.value = error.message;
    console.error(error);
    return false;
  });
  return failure;
}
