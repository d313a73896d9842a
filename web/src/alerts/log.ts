import type { Firing } from './firing';
import type { Rule } from './rules';

/** What a rule said of a symbol: events close together are one line, as they are one sound. */
export interface AlertLine extends Firing {
  rule: string;
  /** The rule's name when the line was born. */
  name: string;
  count: number;
  /** When its first event was, ms since 1970: its place does not change with further ones. */
  since: number;
}

const MOST_LINES = 300;

function isSame(line: AlertLine, rule: Rule, firing: Firing): boolean {
  return line.rule === rule.id && line.symbol === firing.symbol && line.direction === firing.direction;
}

/** What rules have said, newest first, bounded. */
export class AlertLog {
  /**
   * @param lines newest first
   * @param clearedMs market time up to which the user has cleared lines away: no backlog brings them back
   */
  constructor(
    public lines: readonly AlertLine[] = [],
    public clearedMs = 0,
  ) {}

  /** Takes what a rule says now; returns whether it is a line of its own, and so a sound. */
  take(rule: Rule, firing: Firing): boolean {
    if (this.lines.some((line) => line.rule === rule.id && line.id === firing.id)) return false;
    const span = rule.repeatS * 1000;
    const open = this.lines.find(
      (line) => isSame(line, rule, firing) && Math.abs(firing.ms - line.since) < span,
    );
    if (open === undefined) {
      this.add({ ...firing, rule: rule.id, name: rule.name, count: 1, since: firing.ms });
      return true;
    }
    const newest = firing.ms >= open.ms ? firing : open;
    const { ms, price, words } = newest;
    const grown = { ...open, ms, price, words, count: open.count + 1 };
    this.lines = this.lines.map((line) => (line === open ? grown : line));
    return false;
  }

  /** Takes what a rule would have said while nobody listened: events that a line counts already are left out. */
  takeBacklog(rule: Rule, firings: readonly Firing[]): void {
    const known = this.lines.filter((line) => line.rule === rule.id);
    for (const firing of firings) {
      const isCounted = known.some(
        (line) => isSame(line, rule, firing) && firing.ms >= line.since && firing.ms <= line.ms,
      );
      if (!isCounted && firing.ms > this.clearedMs) this.take(rule, firing);
    }
  }

  /** Clears all lines away. */
  clear(): void {
    this.clearedMs = Math.max(this.clearedMs, ...this.lines.map(({ ms }) => ms));
    this.lines = [];
  }

  /** Takes back what a rule has said. */
  forget(rule: string): void {
    if (this.lines.some((line) => line.rule === rule)) {
      this.lines = this.lines.filter((line) => line.rule !== rule);
    }
  }

  private add(line: AlertLine): void {
    const at = this.lines.findIndex(({ since }) => since <= line.since);
    const lines = [...this.lines];
    lines.splice(at < 0 ? lines.length : at, 0, line);
    this.lines = lines.slice(0, MOST_LINES);
  }
}
