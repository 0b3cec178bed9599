import { readFile, stat } from 'node:fs/promises';
import { SightlineError } from '../core/errors.js';
import { install, sha256 } from './cached-file.js';
import { convert } from './convert/convert.js';
import { download, type ByteListener } from './download.js';
import type { PulledAsset } from './manifest.js';
import { inTemporaryFolder } from './temporary-folder.js';

export interface PullOptions {
  /** A file to read instead of downloading one. */
  readonly from?: string | undefined;
  readonly onBytes?: ByteListener;
}

/** A file is read whole; nothing that can be pulled comes near. */
const mostBytes = 512 * 1024 * 1024;

/**
 * Reads or downloads the file of an asset, converts it and puts it into the cache. A download must be the very file
 * that the manifest pins; a file of the user's may be another, if it converts.
 *
 * @returns the SHA-256 of what was read
 * @throws SightlineError MODEL_PULL_FAILED, MODEL_CHECKSUM_MISMATCH, WEIGHTS_UNREADABLE, WEIGHTS_INVALID,
 * MODEL_CONVERSION_FAILED, MODEL_CACHE_UNWRITABLE
 */
export async function pull(cacheDir: string, asset: PulledAsset, options: PullOptions): Promise<string> {
  const { from, onBytes = () => {} } = options;
  // Before a long download, that the cache takes files.
  await inTemporaryFolder(cacheDir, () => Promise.resolve());
  const bytes = from === undefined ? await download(asset.url, onBytes) : await readWeights(from);
  const received = sha256(bytes);
  if (from === undefined && received !== asset.sha256) {
    throw new SightlineError(
      'MODEL_CHECKSUM_MISMATCH',
      `Expected ${asset.url} to have sha256 ${asset.sha256} but received ${received}`,
    );
  }
  const converted = convert(asset, bytes);
  await inTemporaryFolder(cacheDir, (folder) => install(cacheDir, folder, asset, converted));
  return received;
}

async function readWeights(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch(() => null);
  // A device or a pipe has no size to go by, and may never end.
  if (found && !found.isFile()) {
    throw new SightlineError('WEIGHTS_UNREADABLE', `Expected a weight file but ${path} is none`);
  }
  if (found && found.size > mostBytes) {
    throw new SightlineError(
      'WEIGHTS_INVALID',
      `Expected at most ${mostBytes} bytes in ${path} but received ${found.size}`,
    );
  }
  return readFile(path).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SightlineError('WEIGHTS_UNREADABLE', `Expected a weight file but received ${reason}`);
  });
}
