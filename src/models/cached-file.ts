import { createHash } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Asset } from './manifest.js';

/** `damaged`: the file differs from what was written, or nothing tells what was. */
export type AssetState = 'ready' | 'missing' | 'damaged';

/** Raised when a conversion gives another result than before, so that files of an older Sightline are made anew. */
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

/** Names everything that an output depends on. */
function recipeOf(asset: Asset): string {
  return `${asset.sha256} ${JSON.stringify(asset.conversion)} ${conversionRevision}`;
}

/**
 * Whether an asset's file in the cache is what was written there. A file whose size and time of change are as
 * recorded is taken at its word unless `rehash`; every other file is hashed.
 */
export async function inspect(
  cacheDir: string,
  asset: Asset,
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
 * file system, then renamed. Whoever looks meanwhile, this process or another, sees the whole file or none.
 */
export async function install(
  cacheDir: string,
  temporary: string,
  asset: Asset,
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

/** Drops the record of a file, which then counts as damaged. */
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
