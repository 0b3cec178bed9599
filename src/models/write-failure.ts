import { SightlineError } from '../core/errors.js';

/** What the file system answers when a folder cannot take a file: full, read-only, forbidden, or not a folder. */
const codes = new Set([
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'EISDIR',
]);

/** Whether an error says that a file could not be written, rather than that something else went wrong. */
export function isWriteFailure(error: unknown): boolean {
  const code = error !== null && typeof error === 'object' && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && codes.has(code);
}

/** MODEL_CACHE_UNWRITABLE for `folder`, with the reason of the file system. */
export function cacheUnwritable(folder: string, cause: unknown): SightlineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SightlineError(
    'MODEL_CACHE_UNWRITABLE',
    `Expected to write to ${folder} but could not: ${reason}`,
    {
      cause,
    },
  );
}
