import { onMounted, onScopeDispose, ref, type Ref } from 'vue';

/** Tells whether an element is within what the window shows of the page. */
export function useVisible(element: Readonly<Ref<HTMLElement | null>>): Readonly<Ref<boolean>> {
  const isVisible = ref(false);
  const observer = new IntersectionObserver((entries) => {
    isVisible.value = entries.at(-1)?.isIntersecting ?? false;
  });
  onMounted(() => {
    if (element.value !== null) observer.observe(element.value);
  });
  onScopeDispose(() => observer.disconnect());
  return isVisible;
}
