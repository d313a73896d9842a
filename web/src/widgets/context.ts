import {
  computed,
  inject,
  provide,
  type ComputedRef,
  type InjectionKey,
  type WritableComputedRef,
} from 'vue';
import type { WidgetPlace } from '@/layout/schema';
import { linkedSymbol, setLinkedSymbol } from '@/state/links';
import { settings } from '@/state/settings';

/** What a widget knows of its place: its options, and the symbol that it shows. */
export interface WidgetContext {
  place: WidgetPlace;
  /** Whether it may be moved and removed. */
  isLocked: ComputedRef<boolean>;
  /** The symbol of its colour; its own where it has no colour. Null where none was chosen. */
  symbol: ComputedRef<string | null>;
  /** Chooses a symbol for all widgets of its colour. */
  choose(symbol: string): void;
  remove(): void;
}

const KEY: InjectionKey<WidgetContext> = Symbol('widget');

/** Gives a widget its context; called by the box around it. */
export function provideWidget(place: WidgetPlace, isLocked: () => boolean, remove: () => void): void {
  provide(KEY, {
    place,
    isLocked: computed(isLocked),
    symbol: computed(() => linkedSymbol(place.link) ?? (place.options.symbol as string | undefined) ?? null),
    choose(symbol) {
      if (place.link === null) place.options.symbol = symbol;
      else setLinkedSymbol(place.link, symbol);
      if (settings.copiesSymbol) void navigator.clipboard?.writeText(symbol).catch(() => undefined);
    },
    remove,
  });
}

export function useWidget(): WidgetContext {
  const context = inject(KEY);
  if (context === undefined) throw new Error('a widget outside of its box');
  return context;
}

/** Returns one of the widget's options: kept with the layout, the default where it was never set. */
export function useOption<T>(name: string, otherwise: T): WritableComputedRef<T> {
  const { place } = useWidget();
  return computed<T>({
    get: () => (place.options[name] as T | undefined) ?? otherwise,
    set: (value) => {
      place.options[name] = value as unknown;
    },
  });
}
