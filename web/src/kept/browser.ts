/** What of the browser's storage is used. */
export type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem'>;

/** Thrown where a document cannot be used; the message says why. */
export class DocumentError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DocumentError';
  }
}

/** What a user keeps as one document with a schema number: how it is called, and how it is read. */
export interface Shape<T extends { schema: number }> {
  /** In the browser. What could not be read, or was there before a migration, is kept beside it. */
  key: string;
  /** In sentences: "Your layouts …". */
  words: string;
  /** What a new user finds. */
  initial(): T;
  /** Returns a stored document in today's schema; throws DocumentError where nothing of it can be used. */
  migrated(document: unknown): T;
}

/** Returns what the browser keeps, that of a new user where it has nothing that can be used. */
export function readKept<T extends { schema: number }>(
  storage: Storage,
  shape: Shape<T>,
): { saved: T; problem: string } {
  const text = storage.getItem(shape.key);
  if (text === null) return { saved: shape.initial(), problem: '' };
  // Nothing that a user made is thrown away.
  const keepCopy = () => storage.setItem(`${shape.key}.before`, text);
  try {
    const document = JSON.parse(text) as { schema?: unknown };
    const saved = shape.migrated(document);
    if (document.schema !== saved.schema) keepCopy();
    return { saved, problem: '' };
  } catch (error) {
    keepCopy();
    const reason = error instanceof DocumentError ? error.message : 'it is not readable';
    return {
      saved: shape.initial(),
      problem: `Your ${shape.words} could not be read (${reason}); a copy of them is kept.`,
    };
  }
}

/** Keeps a document in the browser. */
export function keep<T extends { schema: number }>(storage: Storage, shape: Shape<T>, saved: T): void {
  storage.setItem(shape.key, JSON.stringify(saved));
}

/** Returns a name for something new within a document; crypto.randomUUID needs a page that came over TLS. */
export function freshId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join('');
}
