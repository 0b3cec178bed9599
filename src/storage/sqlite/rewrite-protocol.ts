/** The counter of erasures since which the file was not rewritten; missing when there are none. */
export const rewritesDue = 'rewrites due';

/** What the thread that rewrites a database file receives. */
export interface RewriteWorkerData {
  readonly path: string;
  /** How long to wait for another process that is writing. */
  readonly busyTimeoutMs: number;
}

/** What it answers, once: null, or what went wrong. `code` is SQLite's. */
export type RewriteReply = { readonly message: string; readonly code: string } | null;
