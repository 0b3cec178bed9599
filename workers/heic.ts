import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import libheif from 'libheif-js/wasm-bundle.js';
import { limitWasmMemory } from '../src/core/wasm-kernel.js';
import type { HeicReply, HeicWorkerData } from '../src/ingest/heic-protocol.js';
import { giveWay } from './give-way.js';

/** Entry of the thread that decodes one HEIC picture; src/ingest/heic.ts starts it. */

/** What the decoder takes before it has a picture. */
const baseBytes = 64 * 1024 * 1024;
/** Planes, their conversion to RGBA, and what the codec keeps beside them. */
const bytesPerPixel = 16;

const port = parentPort as MessagePort;
giveWay(10);
const reply = await decode(workerData as HeicWorkerData);
port.postMessage(reply, reply.status === 'decoded' ? [reply.rgba.buffer] : []);

async function decode({ bytes, maxSidePixels, maxPixels }: HeicWorkerData): Promise<HeicReply> {
  await libheif.ready;
  // What is coded may be far larger than what the header says; then the decoder runs out of memory, and only it.
  limitWasmMemory(baseBytes + 2 * bytes.length);
  const images = new libheif.HeifDecoder().decode(bytes);
  const image = images.find((one) => one.is_primary()) ?? images[0];
  if (image === undefined) return { status: 'unreadable', reason: 'no picture in it can be read' };
  const [width, height] = [image.get_width(), image.get_height()];
  if (Math.max(width, height) > maxSidePixels || width * height > maxPixels)
    return { status: 'too large', width, height };
  limitWasmMemory(baseBytes + 2 * bytes.length + bytesPerPixel * width * height);
  const target = { data: new Uint8ClampedArray(width * height * 4), width, height };
  const shown = await new Promise<{ data: Uint8ClampedArray<ArrayBuffer> } | null>((resolve) =>
    image.display(target, resolve),
  );
  if (shown === null)
    return { status: 'unreadable', reason: 'its HEVC data is damaged or of an unknown kind' };
  return { status: 'decoded', width, height, rgba: shown.data };
}
