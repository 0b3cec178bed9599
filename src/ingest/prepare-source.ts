import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { open } from 'node:fs/promises';
import { SightlineError } from '../core/errors.js';

/**
 * Looks up a host name; there is at least one address.
 * @throws SightlineError SOURCE_UNREACHABLE when it has none
 */
export async function addressesOf(host: string): Promise<readonly LookupAddress[]> {
  try {
    return await lookup(host, { all: true });
  } catch (cause) {
    const message = `The host ${host} has no address: ${(cause as Error).message}.`;
    throw new SightlineError('SOURCE_UNREACHABLE', message, { cause });
  }
}

const headBytes = 4096;
/** Text that is video or points to it: playlists, session descriptions, and raw pictures with a text header. */
const videoText = /^(#EXTM3U|v=0|ffconcat|YUV4MPEG2)/;

/**
 * Refuses files that ffmpeg would play although they are not video: it renders any `.txt` file as a terminal would.
 * Files that cannot be read pass, because ffmpeg says best what is wrong with them.
 *
 * @throws SightlineError SOURCE_NOT_VIDEO when the file is empty or text.
 */
export async function assertMayBeVideo(path: string): Promise<void> {
  const head = await readHead(path).catch(() => undefined);
  if (!head) return;
  if (head.length === 0) throw notVideo(path, 'an empty file');
  if (isText(head) && !videoText.test(head.toString('latin1'))) throw notVideo(path, 'a text file');
}

/** The first bytes of a regular file; undefined for pipes and devices, where reading would consume them. */
async function readHead(path: string): Promise<Buffer | undefined> {
  const file = await open(path);
  try {
    if (!(await file.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Whether there are no control characters except white space and ESC; every video container starts with some. */
function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b);
}

function notVideo(path: string, received: string): SightlineError {
  return new SightlineError('SOURCE_NOT_VIDEO', `Expected a video file at ${path} but received ${received}.`);
}
