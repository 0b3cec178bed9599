import { readFile, stat } from 'node:fs/promises';
import { SightlineError } from '../core/errors.js';
import { install, inTemporaryFolder, sha256 } from './cache.js';
import { convert } from './convert/convert.js';
import type { PulledAsset } from './manifest.js';

export interface PullOptions {
  /** Path of a weight file to read instead of downloading it. */
  readonly from?: string | undefined;
  readonly onBytes?: ByteListener;
}

/** Files are held in memory whole. No asset comes near this size, so a larger file is not one. */
const mostBytes = 512 * 1024 * 1024;

/**
 * Reads or downloads the file of an asset, converts it and puts it into the cache. A download must match the checksum
 * in the manifest. A file that the user provides may be a different one, as long as it converts.
 *
 * @returns the SHA-256 of the unconverted file, in hexadecimal
 * @throws SightlineError MODEL_PULL_FAILED, MODEL_CHECKSUM_MISMATCH, WEIGHTS_UNREADABLE, WEIGHTS_INVALID,
 * MODEL_CONVERSION_FAILED, MODEL_CACHE_UNWRITABLE
 */
export async function pull(cacheDir: string, asset: PulledAsset, options: PullOptions): Promise<string> {
  const { from, onBytes = () => {} } = options;
  // Fails early if the cache cannot be written to, before a long download.
  await inTemporaryFolder(cacheDir, () => Promise.resolve());
  const bytes = from === undefined ? await download(asset.url, onBytes) : await readWeights(from);
  const received = sha256(bytes);
  if (from === undefined) requireChecksum(asset.url, asset.sha256, received);
  const converted = convert(asset, bytes);
  await inTemporaryFolder(cacheDir, (folder) => install(cacheDir, folder, asset, converted));
  return received;
}

/** @throws SightlineError MODEL_CHECKSUM_MISMATCH */
export function requireChecksum(origin: string, expected: string, received: string): void {
  if (received === expected) return;
  throw new SightlineError(
    'MODEL_CHECKSUM_MISMATCH',
    `Expected ${origin} to have sha256 ${expected} but received ${received}`,
  );
}

/** Reads a weight file of the user's into memory. @throws SightlineError WEIGHTS_UNREADABLE, WEIGHTS_INVALID */
export async function readWeights(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch(() => null);
  // A device or a pipe has no size to check, and may never end.
  if (found && !found.isFile()) {
    throw new SightlineError(
      'WEIGHTS_UNREADABLE',
      `Expected a weight file but ${path} is not a regular file`,
    );
  }
  if (found && found.size > mostBytes) {
    throw new SightlineError(
      'WEIGHTS_INVALID',
      `Expected at most ${mostBytes} bytes in ${path} but received ${found.size}`,
    );
  }
  return readFile(path).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SightlineError('WEIGHTS_UNREADABLE', `The weight file cannot be read: ${reason}`);
  });
}

const mostRedirects = 5;

/** @param total in bytes; null if the server does not send a length */
export type ByteListener = (received: number, total: number | null) => void;

/**
 * Downloads a file into memory. Redirects are followed, but never from https to http.
 *
 * @throws SightlineError MODEL_PULL_FAILED
 */
export async function download(url: string, onBytes: ByteListener): Promise<Uint8Array> {
  let received = 0;
  try {
    const response = await follow(url);
    if (!response.ok || !response.body) throw new Error(`the server answered with HTTP ${response.status}`);
    const length = response.headers.get('content-length');
    const total = length === null ? null : Number(length);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      received += chunk.length;
      if (received > mostBytes) throw new Error(`the server sent more than ${mostBytes} bytes`);
      chunks.push(chunk);
      onBytes(received, total);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    const message = `The download of ${url} failed after ${received} bytes: ${reasonOf(error)}`;
    throw new SightlineError('MODEL_PULL_FAILED', message, { cause: error });
  }
}

/** Follows redirects and returns the first other response. */
async function follow(url: string): Promise<Response> {
  let address = new URL(url);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await fetch(address, { redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    address = redirected(address, location);
  }
  throw new Error(`the server redirected more than ${mostRedirects} times`);
}

/**
 * The target of a redirect.
 *
 * @throws Error if the target is less safe than the source, or is not a valid URL
 */
export function redirected(from: URL, location: string): URL {
  const to = new URL(location, from);
  const allowed = from.protocol === 'https:' ? ['https:'] : ['https:', 'http:'];
  if (allowed.includes(to.protocol)) return to;
  throw new Error(`the server redirected to ${to.protocol}//${to.host}, which is not https`);
}

/**
 * fetch only says that it failed. The reason is in the cause, or, if several addresses were tried, in the first of its
 * errors.
 */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error ? first.message : String(first);
}
