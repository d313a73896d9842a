/**
 * Holds the order of rows while somebody points at them: people click the wrong row where rows move.
 *
 * Values go on. A row that leaves stays as it was last, one that comes waits at the end.
 */
export class OrderHold<R> {
  private order: string[] | null = null;
  private readonly last = new Map<string, R>();

  constructor(private readonly keyOf: (row: R) => string) {}

  get isHeld(): boolean {
    return this.order !== null;
  }

  /** Holds the order of these rows. */
  hold(rows: readonly R[]): void {
    if (this.order !== null) return;
    this.order = rows.map(this.keyOf);
    for (const row of rows) this.last.set(this.keyOf(row), row);
  }

  /** Lets go. */
  release(): void {
    this.order = null;
    this.last.clear();
  }

  /** Returns rows in the held order, and the keys of those that have left. */
  arrange(rows: readonly R[]): { rows: readonly R[]; left: ReadonlySet<string> } {
    if (this.order === null) return { rows, left: NONE };
    const fresh = new Map(rows.map((row) => [this.keyOf(row), row]));
    const left = new Set<string>();
    const arranged = this.order.map((key) => {
      const row = fresh.get(key);
      if (row === undefined) {
        left.add(key);
        return this.last.get(key)!;
      }
      this.last.set(key, row);
      return row;
    });
    const known = new Set(this.order);
    const others = rows.filter((row) => !known.has(this.keyOf(row)));
    for (const row of others) {
      this.order.push(this.keyOf(row));
      this.last.set(this.keyOf(row), row);
    }
    return { rows: [...arranged, ...others], left };
  }
}

const NONE: ReadonlySet<string> = new Set();
