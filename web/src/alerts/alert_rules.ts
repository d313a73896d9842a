import { reactive, ref } from 'vue';
import { freshId } from '@/kept/browser';
import { keptDocument } from '@/kept/documents';
import { ALERT_RULES, MOST_RULES, newRule, type Rule, type Source } from './rules';

const { saved } = keptDocument({
  ...ALERT_RULES,
  shelf: 'alert_rules',
  name: 'rules',
  isSharedByWindows: true,
});

/** The rule in the form. It is none of the kept ones, which would tell of values half typed. */
const draft = ref<Rule | null>(null);

function cloned(rule: Rule): Rule {
  return JSON.parse(JSON.stringify(rule)) as Rule;
}

/** The user's alert rules, and what can be done with them. */
export const alertRules = reactive({
  saved,
  draft,

  /** Opens a rule that is not stored yet. */
  create(source: Source): void {
    draft.value = newRule(freshId(), '', source);
  },

  /** Opens one of the kept rules. */
  edit(rule: Rule): void {
    draft.value = cloned(rule);
  },

  /** Opens a copy of a kept rule. */
  copy(rule: Rule): void {
    draft.value = { ...cloned(rule), id: freshId(), name: rule.name && `${rule.name} copy` };
  },

  /** Returns whether a rule can be kept: a kept one, or one more. */
  canStore(rule: Rule): boolean {
    return saved.rules.length < MOST_RULES || saved.rules.some(({ id }) => id === rule.id);
  },

  /** Keeps a rule in the place of the one that it was; it is in force from now on. */
  store(rule: Rule): void {
    const at = saved.rules.findIndex(({ id }) => id === rule.id);
    saved.rules.splice(at < 0 ? saved.rules.length : at, 1, cloned(rule));
  },

  remove(rule: Rule): void {
    saved.rules = saved.rules.filter(({ id }) => id !== rule.id);
  },
});
