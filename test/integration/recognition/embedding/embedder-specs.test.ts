import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { alignTo } from '../../../../src/recognition/embedding/align.js';
import { cosineFromDistance, euclideanDistance, l2Normalise } from '../../../../src/core/distance.js';
import { embedderIds, type FaceCrop, type FaceEmbedder } from '../../../../src/core/face-embedder.js';
import { landmarkBox } from '../../../../src/recognition/embedding/landmark-square.js';
import type { FaceDetector } from '../../../../src/detection/face-detector.js';
import type { Conv } from '../../../../src/models/convert/network.js';
import { writeOnnx } from '../../../../src/models/convert/write-onnx.js';
import { cutFace } from '../../../../src/recognition/embedding/crop.js';
import { findEmbedder } from '../../../../src/recognition/embedding/embedder-specs.js';
import { networkPath, noiseCrop, readAsset, startDetector, startEmbedder, stills } from '../faces.js';

let embedder: FaceEmbedder | undefined;
let detector: FaceDetector;
beforeAll(async () => {
  detector = await startDetector();
});
afterEach(() => embedder?.close());
afterAll(() => detector.close());

async function cropOf(asset: string): Promise<FaceCrop> {
  const image = await readAsset(asset);
  const [face] = await detector.detect(image);
  return cutFace(image, face!.landmarks)!;
}

async function vectorOf(crop: FaceCrop): Promise<Float32Array> {
  const result = await embedder!.embed({ ...crop, data: crop.data.slice() });
  if (result.status !== 'embedded') throw new Error(`expected an embedding, got ${JSON.stringify(result)}`);
  return result.embedding.vector;
}

describe.each(['mobilefacenet+fr-feature', 'mobilefacenet', 'fr-feature', 'dlib'])('%s', (id) => {
  const spec = findEmbedder(id);

  it('gives the same vector for the same crop, to the bit, and near ones for one man only', async () => {
    embedder = await startEmbedder({ spec });
    const [one, another] = [
      await cropOf(`demo-franck-${stills[0]!}`),
      await cropOf(`demo-franck-${stills[1]!}`),
    ];
    const probe = await vectorOf(one);
    expect(probe).toHaveLength(spec.dimension);
    expect(Math.hypot(...probe)).toBeCloseTo(1, 5);
    expect(await vectorOf(one)).toEqual(probe);
    expect(euclideanDistance(probe, await vectorOf(another))).toBeLessThan(spec.threshold);
    const stranger = await vectorOf(await cropOf('sample-4'));
    expect(euclideanDistance(probe, stranger)).toBeGreaterThan(spec.thresholds[0]!.distance);
  });
});

describe('facenet-vggface2', () => {
  const side = 160;
  const watched = [0, 3 * side + 7, 80 * side + 80, side * side - 1];
  let folder: string;
  afterEach(() => rm(folder, { recursive: true }));

  /** A network that gives some of its input's pixels back, red, green and blue of each, in place of FaceNet. */
  async function pixelNetwork(): Promise<string> {
    const plane = side * side;
    const data = new Float32Array(watched.length * 3 * 3 * plane);
    for (let row = 0; row < watched.length * 3; row++) {
      data[row * 3 * plane + (row % 3) * plane + watched[Math.floor(row / 3)]!] = 1;
    }
    const conv: Conv = {
      ...{ op: 'conv', inputs: ['input'], output: 'pixels', groups: 1, stride: [1, 1], pads: [0, 0, 0, 0] },
      ...{ weights: { shape: [watched.length * 3, 3, side, side], data }, bias: null },
    };
    const flatten = { op: 'flatten', inputs: ['pixels'], output: 'embedding' } as const;
    const network = { input: 'input', outputs: ['embedding'], layers: [conv, flatten] };
    folder = await mkdtemp(join(tmpdir(), 'sightline-facenet-'));
    const path = join(folder, 'pixels.onnx');
    await writeFile(path, writeOnnx(network, ['N', 3, side, side]));
    return path;
  }

  it('sees the box of the face stretched to 160×160, (v − 127.5) / 128', async () => {
    const spec = { ...findEmbedder('facenet-vggface2'), dimension: watched.length * 3 };
    embedder = await startEmbedder({ spec, networkPaths: [await pixelNetwork()] });
    // Noise is no face to O-Net, so the box is the one that the landmarks suggest.
    const crop = noiseCrop(5);
    const face = { landmarks: crop.landmarks, box: landmarkBox(crop.landmarks) };
    const chip = alignTo('box-160', crop, face);
    const pixels = watched.flatMap((pixel) => [...chip.data.subarray(pixel * 3, pixel * 3 + 3)]);
    const expected = l2Normalise(Float32Array.from(pixels, (value) => (value - 127.5) / 128));
    (await vectorOf(crop)).forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 5));
  });
});

describe('two networks joined', () => {
  const spec = findEmbedder('mobilefacenet+fr-feature');

  it('have the weighted mean of both cosines', async () => {
    const crops = await Promise.all([stills[0]!, stills[1]!].map((still) => cropOf(`demo-franck-${still}`)));
    const cosine = async (id: string): Promise<number> => {
      const of = await startEmbedder({ spec: findEmbedder(id) });
      embedder = of;
      const [first, second] = [await vectorOf(crops[0]!), await vectorOf(crops[1]!)];
      await of.close();
      return cosineFromDistance(euclideanDistance(first, second));
    };
    const [mobileFaceNet, frFeature] = [await cosine('mobilefacenet'), await cosine('fr-feature')];
    expect(Math.abs(mobileFaceNet - frFeature)).toBeGreaterThan(0.01);
    expect(await cosine(spec.model.id)).toBeCloseTo((1.5 * mobileFaceNet + frFeature) / 2.5, 5);
  });

  it('fail together when one of them cannot be loaded', async () => {
    const [, frFeature] = await Promise.all(spec.networks.map(({ id }) => networkPath(id)));
    embedder = await startEmbedder({ spec, networkPaths: ['/nowhere/network.onnx', frFeature!] });
    expect(await embedder.embed(noiseCrop(1))).toMatchObject({
      status: 'failed',
      error: { code: 'EMBEDDER_FAILED', message: expect.stringContaining('/nowhere/network.onnx') as string },
    });
  });
});

describe('findEmbedder', () => {
  it.each(embedderIds)('%s: stricter rates have smaller distances, and the default is that of 1e-4', (id) => {
    const { model, thresholds, threshold } = findEmbedder(id);
    expect(model.id).toBe(id);
    expect(thresholds.map(({ falseAcceptRate }) => falseAcceptRate)).toEqual([1e-2, 1e-3, 1e-4, 1e-5, 1e-6]);
    thresholds.slice(1).forEach(({ distance }, index) => {
      expect(distance).toBeLessThan(thresholds[index]!.distance);
    });
    expect(threshold).toBe(thresholds[2]!.distance);
  });

  it('names what there is when asked for something else', () => {
    expect(() => findEmbedder('arcface')).toThrow(
      'Expected an embedder, one of mobilefacenet+fr-feature, mobilefacenet, fr-feature, dlib, facenet-vggface2, but received "arcface"',
    );
  });
});
