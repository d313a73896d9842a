import type { RangeAlert } from '@/client/feeds';

/** Alerts of one symbol and direction that came close together: one line, one sound. */
export interface AlertLine {
  /** Of the first alert of the line, so that it stays the same line. */
  key: string;
  /** The newest alert of the line: its price is shown. */
  alert: RangeAlert;
  /** How many alerts the line holds. */
  count: number;
  /** When its first alert was raised, s since 1970: its place does not change with further ones. */
  since: number;
}

/**
 * Returns alerts as lines, newest first: within the span after a line's first alert others raise its count.
 *
 * @param alerts newest first
 * @param spanS seconds; 0 gives each alert its own line
 */
export function folded(alerts: readonly RangeAlert[], spanS: number): AlertLine[] {
  const lines: AlertLine[] = [];
  const open = new Map<string, AlertLine>();
  for (let at = alerts.length - 1; at >= 0; at -= 1) {
    const alert = alerts[at]!;
    const key = `${alert.symbol} ${alert.direction}`;
    const line = open.get(key);
    if (line !== undefined && alert.timestamp - line.since < spanS) {
      line.alert = alert;
      line.count += 1;
    } else {
      const begun: AlertLine = { key: alert.id, alert, count: 1, since: alert.timestamp };
      open.set(key, begun);
      lines.push(begun);
    }
  }
  return lines.sort((one, other) => other.since - one.since);
}

/** Decides which arriving alerts sound: the first of a line, none of a backlog, none in the first minute after the open. */
export class Sounding {
  private readonly heard = new Map<string, number>();

  /**
   * @param spanS seconds in which a symbol and direction sound once
   */
  sounds(alert: RangeAlert, spanS: number, isOpeningMinute: boolean): boolean {
    const key = `${alert.symbol} ${alert.direction}`;
    const last = this.heard.get(key);
    if (last !== undefined && alert.timestamp - last < spanS) return false;
    this.heard.set(key, alert.timestamp);
    if (this.heard.size > MOST_KEPT) this.forget(alert.timestamp - spanS);
    return !isOpeningMinute;
  }

  private forget(beforeS: number): void {
    for (const [key, timestamp] of this.heard) if (timestamp < beforeS) this.heard.delete(key);
  }
}

const MOST_KEPT = 5_000;
