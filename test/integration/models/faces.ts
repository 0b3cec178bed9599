import sharp from 'sharp';
import { alignFace } from '../../../src/recognition/embedding/align.js';
import type { Landmarks } from '../../../src/core/face.js';
import type { Box } from '../../../src/core/geometry.js';
import type { RgbImage } from '../../../src/core/image.js';
import { InferenceSession, Tensor } from '../../../src/models/onnx-runtime.js';
import { sessionOptions } from '../../../src/models/session-options.js';

/** Opens a network as the program does. */
export function openNetwork(file: string | Uint8Array): Promise<InferenceSession> {
  return typeof file === 'string'
    ? InferenceSession.create(file, sessionOptions())
    : InferenceSession.create(file, sessionOptions());
}

/** Part of a picture, scaled to width × height. */
export async function cropOf(path: string, box: Box, width: number, height: number): Promise<RgbImage> {
  const data = await sharp(path)
    .extract({ left: box.x, top: box.y, width: box.width, height: box.height })
    .resize(width, height, { fit: 'fill' })
    .removeAlpha()
    .raw()
    .toBuffer();
  return { width, height, data };
}

/** Pixels as the MTCNN networks and MobileFaceNet take them: [1, 3, height, width], (x − 127.5) / 128. */
export function toTensor({ width, height, data }: RgbImage): Tensor {
  const plane = width * height;
  const values = Float32Array.from({ length: plane * 3 }, (_, index) => {
    const [channel, pixel] = [Math.floor(index / plane), index % plane];
    return ((data[pixel * 3 + channel] ?? 0) - 127.5) / 128;
  });
  return new Tensor('float32', values, [1, 3, height, width]);
}

/** The picture with rows and columns exchanged: what a network sees whose kernels were not swapped. */
export function exchangeAxes({ width, height, data }: RgbImage): RgbImage {
  const exchanged = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = (y * width + x) * 3;
      exchanged.set(data.subarray(pixel, pixel + 3), (x * height + y) * 3);
    }
  }
  return { width: height, height: width, data: exchanged };
}

/** Runs a network on one input and gives its outputs by name. */
export async function run(network: InferenceSession, input: Tensor): Promise<Record<string, Float32Array>> {
  const outputs = await network.run({ input });
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
}

/** The five landmarks that O-Net finds in a picture of a face, in its pixels. */
export async function landmarksIn(image: RgbImage, onet: InferenceSession): Promise<Landmarks> {
  const small = await sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } })
    .resize(48, 48, { fit: 'fill' })
    .raw()
    .toBuffer();
  const { points } = await run(onet, toTensor({ width: 48, height: 48, data: small }));
  const point = (index: number) => ({
    x: (points?.[index] ?? NaN) * image.width,
    y: (points?.[index + 5] ?? NaN) * image.height,
  });
  return [point(0), point(1), point(2), point(3), point(4)];
}

/** Cosine of the embeddings that MobileFaceNet makes of two pictures of faces. */
export async function likeness(
  faces: readonly [RgbImage, RgbImage],
  { onet, embedder }: { onet: InferenceSession; embedder: InferenceSession },
): Promise<number> {
  const [a, b] = await Promise.all(
    faces.map(async (face) => {
      const chip = alignFace(face, await landmarksIn(face, onet));
      return (await run(embedder, toTensor(chip))).embedding ?? new Float32Array();
    }),
  );
  if (!a || !b) throw new Error('no embedding');
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? NaN), 0);
}
