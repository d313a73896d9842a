const QUIET_MS = 10_000;

/**
 * Chooses what a screen reader is told: the newest sentence, at most one in ten seconds, none twice in a row.
 *
 * What has changed back meanwhile is never said.
 */
export class Announcer {
  private said = '';
  private saidMs = -Infinity;

  /** Takes what could be said now; returns what the live region holds. */
  next(sentence: string, nowMs: number): string {
    if (sentence !== this.said && nowMs - this.saidMs >= QUIET_MS) {
      this.said = sentence;
      this.saidMs = nowMs;
    }
    return this.said;
  }
}
