/** Waits between tries: they double from one to the next, with full jitter, so that pages do not come back in step. */
export class Backoff {
  private tries = 0;

  constructor(
    private readonly firstMs = 500,
    private readonly longestMs = 15_000,
    private readonly random: () => number = Math.random,
  ) {}

  /** Returns how long to wait before the next try, in ms. */
  nextMs(): number {
    const most = Math.min(this.longestMs, this.firstMs * 2 ** this.tries);
    this.tries += 1;
    return most * (0.5 + this.random() / 2);
  }

  /** Starts anew, after a success. */
  reset(): void {
    this.tries = 0;
  }
}
