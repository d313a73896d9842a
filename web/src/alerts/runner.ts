import { ref, watch } from 'vue';
import type { Change, FeedStore } from '@/client/feed_store';
import { isReplayed } from '@/client/freshness';
import { newYorkMinute } from '@/format/time';
import { screeners } from '@/screeners/screeners';
import { isSpeaker } from '@/sound/speaker';
import { useClock } from '@/state/clock';
import { market } from '@/state/market';
import { useMarks } from '@/state/marks';
import { settings } from '@/state/settings';
import { watchLists } from '@/watchlists/watchlists';
import { alertRules } from './alert_rules';
import { backlog, feedsOf, fired, type Firing, type Lists, type RuleContext } from './firing';
import { changeLog } from './kept_log';
import { names } from './names';
import { judged, type Rule } from './rules';
import { tell } from './voice';
import { COMMON_BOARDS, titleOf } from './words';

/**
 * Judges the user's rules by live payloads at their arrival, whether or not the page is painted.
 *
 * Of several windows one does: the one that sounds.
 */

interface Held {
  store: FeedStore;
  rules: Rule[];
  /** What of each rule it was judged by, so that a changed one shows its backlog anew. */
  known: Set<string>;
  leave(): void;
}

/** The WDS lets a client subscribe to 1,000 feeds. */
const MOST_FEEDS = 600;
const LATE_MS = 60_000;
/** In a replay minutes pass in seconds. */
const LATE_IN_REPLAY_MS = 600_000;
/** Vendors tell of articles minutes after they were published. */
const LATE_NEWS_MS = 900_000;
const OPEN_MINUTE = 9 * 60 + 30;

const held = new Map<string, Held>();
const clock = useClock();

/** How many feeds of rules found no room. */
export const unheard = ref(0);

/** Returns the feeds that rules listen to in this window. */
export function heardStores(): FeedStore[] {
  return [...held.values()].map(({ store }) => store);
}

/** Returns a rule with the name that it is shown by. */
function named(rule: Rule): Rule {
  return { ...rule, name: titleOf(rule, names) };
}

const lists: Lists = { symbolsOf: (list) => watchLists.find(list)?.symbols ?? [] };

function context(): RuleContext {
  return { ...lists, names, marketMs: clock.marketMs, news: useMarks().news.value };
}

let hasAsked = false;

/** Asks for the names of screeners where a rule watches one: its lines name it. */
function askNames(): void {
  const isScreener = ({ source }: Rule) => source.kind === 'board' && !(source.feed in COMMON_BOARDS);
  if (hasAsked || screeners.isKnown || !alertRules.saved.rules.some(isScreener)) return;
  hasAsked = true;
  void screeners.refresh();
}

/** What each rule was judged by when it was armed last. */
const armed = new Map<string, string>();

/** Takes back what rules said before they were changed: they say something else now. */
function forgetChanged(): void {
  changeLog((log) => {
    for (const rule of alertRules.saved.rules) {
      const before = armed.get(rule.id);
      const now = judged(rule);
      if (before !== undefined && before !== now) log.forget(rule.id);
      armed.set(rule.id, now);
    }
  });
}

function arm(): void {
  askNames();
  if (isSpeaker.value) forgetChanged();
  const wanted = new Map<string, Rule[]>();
  if (isSpeaker.value) {
    for (const rule of alertRules.saved.rules.filter(({ isOn }) => isOn)) {
      for (const key of feedsOf(rule.source, lists)) {
        wanted.set(key, [...(wanted.get(key) ?? []), rule]);
      }
    }
  }
  const keys = [...wanted.keys()].slice(0, MOST_FEEDS);
  unheard.value = wanted.size - keys.length;
  for (const [key, { leave }] of held) if (!keys.includes(key)) leave();
  for (const key of keys) hold(key, wanted.get(key)!);
}

function hold(key: string, rules: Rule[]): void {
  const entry = held.get(key) ?? listen(key);
  entry.rules = rules;
  const known = new Set(rules.map(judged));
  if (entry.store.isTold) {
    showBacklog(
      entry.store,
      rules.filter((rule) => !entry.known.has(judged(rule))),
    );
    entry.known = known;
  }
}

function listen(key: string): Held {
  const store = market.hold(key);
  const unhear = store.hear((data, change) => arrived(entry, data, change));
  const unhearSnapshots = store.hearSnapshots(() => {
    entry.known = new Set(entry.rules.map(judged));
    showBacklog(store, entry.rules);
  });
  const entry: Held = {
    store,
    rules: [],
    known: new Set(),
    leave() {
      unhear();
      unhearSnapshots();
      market.release(key);
      held.delete(key);
    },
  };
  held.set(key, entry);
  return entry;
}

function showBacklog({ feed, value }: FeedStore, rules: readonly Rule[]): void {
  if (feed?.kind !== 'list' || rules.length === 0) return;
  const entries = (value ?? []) as unknown[];
  changeLog((log) => {
    for (const rule of rules.map(named)) log.takeBacklog(rule, backlog(rule, feed, entries, context()));
  });
}

function arrived({ store: { feed }, rules }: Held, data: unknown, change: Change): void {
  if (feed === null) return;
  for (const rule of rules.map(named)) {
    const firings = fired(rule, feed, data, change, context());
    if (firings.length === 0) continue;
    const born = changeLog((log) => firings.filter((firing) => log.take(rule, firing)));
    if (clock.isReplay && !settings.soundsInReplay) continue;
    tell(
      rule,
      born.filter((firing) => !isSilent(rule, firing)),
    );
  }
}

/** Returns whether something came too late to be news, or in the noise after the open. */
function isSilent(rule: Rule, { ms }: Firing): boolean {
  const isOpening = rule.isOpeningMuted && newYorkMinute(ms) === OPEN_MINUTE;
  const behindMs = clock.marketMs - ms;
  const usualMs = clock.isReplay ? LATE_IN_REPLAY_MS : LATE_MS;
  const isLate = behindMs > (rule.source.kind === 'news' ? LATE_NEWS_MS : usualMs);
  // Before any feed has told the market's time it may be that of a replay.
  const isUnknown = clock.behindMs === null && isReplayed(behindMs);
  return isOpening || (isLate && !isUnknown);
}

let isStarted = false;

/** Begins to judge rules, and goes on as they and the watch lists change. */
export function startAlerts(): void {
  if (isStarted) return;
  isStarted = true;
  watch([isSpeaker, () => alertRules.saved.rules, () => watchLists.saved.lists], arm, {
    deep: true,
    immediate: true,
  });
}
