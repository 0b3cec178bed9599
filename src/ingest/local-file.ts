import { open } from 'node:fs/promises';
import { SightlineError } from '../core/errors.js';

const HEAD_BYTES = 4096;
/** Text that is video, or points to it: playlists, session descriptions, and raw pictures under a text header. */
const VIDEO_TEXT = /^(#EXTM3U|v=0|ffconcat|YUV4MPEG2)/;

/**
 * Refuses files that ffmpeg would show although they are no video: it draws any `.txt` as a terminal would. Files that
 * cannot be read pass, for ffmpeg says best what is wrong with them.
 *
 * @throws SightlineError SOURCE_NOT_VIDEO when the file is empty or text.
 */
export async function assertMayBeVideo(path: string): Promise<void> {
  const head = await readHead(path).catch(() => undefined);
  if (!head) return;
  if (head.length === 0) throw notVideo(path, 'an empty file');
  if (isText(head) && !VIDEO_TEXT.test(head.toString('latin1'))) throw notVideo(path, 'a text file');
}

/** The first bytes of a regular file; undefined for pipes and devices, from which reading would take them away. */
async function readHead(path: string): Promise<Buffer | undefined> {
  const file = await open(path);
  try {
    if (!(await file.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** No control characters but white space and the escape of terminals; every video container has some at its start. */
function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b);
}

function notVideo(path: string, received: string): SightlineError {
  return new SightlineError('SOURCE_NOT_VIDEO', `Expected a video file at ${path} but received ${received}.`);
}
