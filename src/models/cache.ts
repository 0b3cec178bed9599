import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SightlineError } from '../core/errors.js';
import type { AddedWeights } from './added-weights.js';
import type { Asset } from './manifest.js';

/** `damaged`: the file differs from what was written, or its record is missing or unreadable. */
export type AssetState = 'ready' | 'missing' | 'damaged';

/**
 * Raise it when a conversion's result changes, so that files which an older Sightline converted are converted again.
 */
const conversionRevision = 2;

/** What is kept beside each file of the cache, as <file>.json. */
const record = z.object({
  recipe: z.string(),
  sha256: z.string(),
  bytes: z.number(),
  modifiedMs: z.number(),
});
type WrittenRecord = z.infer<typeof record>;

/** SHA-256 of some bytes, in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Describes everything that a converted file depends on; another recipe means that the file is out of date. */
function recipeOf(asset: Asset | AddedWeights): string {
  if (asset.conversion === null) return asset.sha256;
  return `${asset.sha256} ${JSON.stringify(asset.conversion)} ${conversionRevision}`;
}

/**
 * Compares an asset's file in the cache with its record. If size and modification time are as recorded, the file is
 * trusted unless `rehash` is set; otherwise it is hashed.
 */
export async function inspect(
  cacheDir: string,
  asset: Asset | AddedWeights,
  rehash: boolean,
): Promise<{ state: AssetState; bytes: number | null }> {
  const path = join(cacheDir, asset.file);
  const found = await stat(path).catch(() => null);
  if (!found) return { state: 'missing', bytes: null };
  const bytes = found.size;
  const written = await readRecord(path);
  if (!written) return { state: 'damaged', bytes };
  if (written.recipe !== recipeOf(asset)) return { state: 'missing', bytes: null };
  if (written.bytes !== bytes) return { state: 'damaged', bytes };
  if (!rehash && written.modifiedMs === found.mtimeMs) return { state: 'ready', bytes };
  const intact = sha256(await readFile(path)) === written.sha256;
  return { state: intact ? 'ready' : 'damaged', bytes };
}

async function readRecord(path: string): Promise<WrittenRecord | null> {
  const text = await readFile(`${path}.json`, 'utf8').catch(() => 'null');
  try {
    return record.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/**
 * Puts an asset's bytes and their record into the cache: written and flushed in `temporary`, a folder on the same
 * file system, then renamed. Other processes see either the whole file or no file.
 */
export async function install(
  cacheDir: string,
  temporary: string,
  asset: Asset | AddedWeights,
  bytes: Uint8Array,
): Promise<void> {
  const path = join(temporary, `${asset.file}.ready`);
  const { mtimeMs } = await writeFlushed(path, bytes);
  const written = {
    recipe: recipeOf(asset),
    sha256: sha256(bytes),
    bytes: bytes.length,
    modifiedMs: mtimeMs,
  };
  await writeFlushed(`${path}.json`, Buffer.from(`${JSON.stringify(written satisfies WrittenRecord)}\n`));
  // The record first: a file without one would count as damaged to a process that looks in between.
  await rename(`${path}.json`, join(cacheDir, `${asset.file}.json`));
  await rename(path, join(cacheDir, asset.file));
}

/** Removes the record of a file, which then counts as damaged and is fetched again. */
export async function forget(path: string): Promise<void> {
  await rm(`${path}.json`, { force: true });
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<{ mtimeMs: number }> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
    return await file.stat();
  } finally {
    await file.close();
  }
}

/** Prefix of the working folders of fetches, which lie inside the cache. */
const temporaryPrefix = '.fetch-';
/** A fetch that was killed leaves its folder behind. No fetch takes this long, so an older folder may be removed. */
const staleAfterMs = 24 * 60 * 60 * 1000;

/**
 * Runs `work` in a new folder that is removed afterwards. The folder is inside the cache, so that a rename from there
 * is atomic.
 *
 * @throws SightlineError MODEL_CACHE_UNWRITABLE, and whatever `work` throws
 */
export function inTemporaryFolder(cacheDir: string, work: (folder: string) => Promise<void>): Promise<void> {
  return writing(cacheDir, async () => {
    await mkdir(cacheDir, { recursive: true });
    await removeStaleFolders(cacheDir);
    const folder = await mkdtemp(join(cacheDir, temporaryPrefix));
    try {
      await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

async function removeStaleFolders(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(temporaryPrefix)) continue;
    const folder = join(cacheDir, name);
    const found = await stat(folder).catch(() => null);
    if (found && Date.now() - found.mtimeMs > staleAfterMs)
      await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Runs `work`, which writes to the cache.
 *
 * @throws SightlineError MODEL_CACHE_UNWRITABLE when the file system refuses
 */
export async function writing(cacheDir: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw isWriteFailure(error) ? cacheUnwritable(cacheDir, error) : error;
  }
}

/** Error codes for a folder that cannot be written to: full, read-only, forbidden, or not a folder. */
const writeFailureCodes = new Set([
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
  return typeof code === 'string' && writeFailureCodes.has(code);
}

/** MODEL_CACHE_UNWRITABLE for `folder`, with the reason of the file system. */
function cacheUnwritable(folder: string, cause: unknown): SightlineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SightlineError(
    'MODEL_CACHE_UNWRITABLE',
    `The model cache ${folder} cannot be written to: ${reason}`,
    {
      cause,
    },
  );
}
