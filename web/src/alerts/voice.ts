import { ref } from 'vue';
import { play, say } from '@/sound/player';
import type { Firing } from './firing';
import type { Rule } from './rules';

/** Whether the system may be asked to show notifications: never asked of a page that came without TLS. */
export const permission = ref<NotificationPermission | 'absent'>(
  typeof Notification === 'undefined' ? 'absent' : Notification.permission,
);

/** Asks the user whether notifications may be shown. */
export async function allowNotifications(): Promise<void> {
  if (permission.value === 'default') permission.value = await Notification.requestPermission();
}

/** Sounds, says and shows what a rule said at once: one sound, however many symbols. */
export function tell(rule: Rule, firings: readonly Firing[]): void {
  const [first] = firings;
  if (first === undefined) return;
  const others = firings.length > 1 ? ` and ${firings.length - 1} more` : '';
  if (rule.sound !== 'none') play(rule.sound, rule.volume);
  if (rule.isSpoken) say(`${[...first.symbol].join(' ')}${others}: ${rule.name}`);
  if (rule.isNotified && permission.value === 'granted') notify(rule, first, others);
}

function notify(rule: Rule, { symbol, words }: Firing, others: string): void {
  try {
    // One of a rule and symbol takes the place of the one before.
    new Notification(`${symbol}${others}: ${rule.name}`, { body: words, tag: `${rule.id} ${symbol}` });
  } catch {
    // Some mobile browsers have the permission but not this way to use it.
    permission.value = 'absent';
  }
}
