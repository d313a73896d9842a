import { freshId } from '@/kept/browser';
import { keptDocument } from '@/kept/documents';
import { ALERT_RULES, newRule, type Rule, type Source } from './rules';

const { saved } = keptDocument({
  ...ALERT_RULES,
  shelf: 'alert_rules',
  name: 'rules',
  isSharedByWindows: true,
});

/** The user's alert rules, and what can be done with them. */
export const alertRules = {
  saved,

  find(id: string | null): Rule | undefined {
    return saved.rules.find((rule) => rule.id === id);
  },

  add(name: string, source: Source): Rule {
    const rule = newRule(freshId(), name, source);
    saved.rules.push(rule);
    return this.find(rule.id)!;
  },

  copy(rule: Rule): Rule {
    const copied = JSON.parse(JSON.stringify(rule)) as Rule;
    saved.rules.push({ ...copied, id: freshId(), name: `${rule.name} copy` });
    return saved.rules.at(-1)!;
  },

  remove(rule: Rule): void {
    saved.rules = saved.rules.filter(({ id }) => id !== rule.id);
  },
};
