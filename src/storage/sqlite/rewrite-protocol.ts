/** What the thread that writes a database file anew is given. */
export interface RewriteWorkerData {
  readonly path: string;
  /** How long to wait for another process that is writing. */
  readonly busyTimeoutMs: number;
}

/** What it answers, once: null, or what went wrong. `code` is SQLite's. */
export type RewriteReply = { readonly message: string; readonly code: string } | null;
