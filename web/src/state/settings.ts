import { reactive, watch } from 'vue';
import { setLocale } from '@/format/numbers';

/** What a user chose for the whole page, kept in the browser. */
export interface Settings {
  theme: 'dark' | 'light' | 'system';
  colours: 'green-red' | 'blue-orange' | 'red-up';
  locale: string;
  isMuted: boolean;
  volume: number;
  /** Whether alert rules sound while recorded data plays. */
  soundsInReplay: boolean;
  /** Whether a click on a symbol also copies it. */
  copiesSymbol: boolean;
  /** Whether single keys (/, ?, Space) do something. */
  hasSingleKeys: boolean;
}

const KEY = 'streams.settings';
const DEFAULTS: Settings = {
  theme: 'dark',
  colours: 'green-red',
  locale: '',
  isMuted: false,
  volume: 0.5,
  soundsInReplay: false,
  copiesSymbol: false,
  hasSingleKeys: true,
};

export const settings = reactive<Settings>({ ...DEFAULTS, ...read() });

function read(): Partial<Settings> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Settings>;
  } catch {
    return {};
  }
}

/** Applies the settings to the page, now and whenever they change. */
export function applySettings(): void {
  const system = matchMedia('(prefers-color-scheme: light)');
  const apply = () => {
    const isLight = settings.theme === 'light' || (settings.theme === 'system' && system.matches);
    document.documentElement.dataset.theme = isLight ? 'light' : 'dark';
    document.documentElement.dataset.colours = settings.colours;
    setLocale(settings.locale === '' ? undefined : settings.locale);
  };
  system.addEventListener('change', apply);
  // What is muted is muted in all of the user's windows.
  addEventListener('storage', ({ key }) => {
    if (key === KEY) Object.assign(settings, read());
  });
  watch(
    settings,
    () => {
      localStorage.setItem(KEY, JSON.stringify(settings));
      apply();
    },
    { deep: true },
  );
  apply();
}
