import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { euclideanDistance, l2Normalise } from '../../../src/core/distance.js';
import { convert } from '../../../src/models/convert/convert.js';
import { writeOnnx } from '../../../src/models/convert/write-onnx.js';
import { inceptionResnetV1 } from '../../../src/models/facenet/inception-resnet-v1.js';
import { findAsset, loadManifest } from '../../../src/models/manifest.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { Tensor, type InferenceSession } from '../../../src/models/onnx-runtime.js';
import { readStateDict } from '../../../src/models/pytorch/state-dict.js';
import { formulaParameters, noise, readParityJson } from '../../helpers/facenet-formula.js';
import { parityFolder } from '../../helpers/prerequisites.js';
import { writeLegacyFormat, writeZipFormat, type Parameter } from '../../helpers/pytorch-file.js';
import { openNetwork, toTensor } from './faces.js';
import { sightline } from '../../helpers/sightline.js';

const asset = findAsset(loadManifest(), 'facenet-vggface2');

interface Stage {
  readonly shape: number[];
  readonly mean: number;
  readonly std: number;
  readonly first: number[];
}

/** Names of our values for the reference's stages; the layer before the last has batch normalisation folded in. */
const valueOf: Record<string, string> = {
  conv2d_1a: 'conv2d_1a',
  conv2d_2b: 'conv2d_2b',
  maxpool_3a: 'maxpool_3a',
  conv2d_4b: 'conv2d_4b',
  repeat_1: 'repeat_1.4',
  mixed_6a: 'mixed_6a',
  repeat_2: 'repeat_2.9',
  mixed_7a: 'mixed_7a',
  repeat_3: 'repeat_3.4',
  block8: 'block8.sum',
  avgpool_1a: 'avgpool_1a',
  last_bn: 'embedding',
};

describe('FaceNet with weights made by the formula', { tags: ['facenet-parity'] }, () => {
  let folder: string;
  let parameters: Parameter[];
  let zipFile: Buffer;
  let onnx: string;
  let reference: { embeddings: number[][]; activations: Record<string, Stage> };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sightline-facenet-'));
    reference = readParityJson('expected.json') as typeof reference;
    const made = formulaParameters();
    parameters = [...made, ...parametersOfTraining(made)];
    zipFile = writeZipFormat(parameters);
    onnx = join(folder, 'facenet-vggface2.onnx');
    await writeFile(onnx, convert(asset, zipFile));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is pulled from a file of the legacy format, with a note that it is not the published one', async () => {
    const file = join(folder, 'weights.pt');
    await writeFile(file, writeLegacyFormat(parameters));
    const cache = join(folder, 'cache');
    const path = join(cache, 'facenet-vggface2.onnx');
    const args = ['models', 'pull', asset.id, '--from', file, '--models-dir', cache];
    const { code, stdout, stderr } = await sightline(args);
    expect([code, stdout]).toEqual([0, `facenet-vggface2  ${path}\n`]);
    expect(stderr).toContain(`Note: ${file} is not the published file`);
    expect(Buffer.compare(await readFile(path), await readFile(onnx))).toBe(0);
  });

  it('gives the embeddings of the reference', async () => {
    const network = await openNetwork(onnx);
    const received = await embed(network, formulaInput());
    expect(received).toHaveLength(2);
    for (const [index, expected] of reference.embeddings.entries()) {
      expect(largestDifference(received[index], expected)).toBeLessThan(1e-4);
    }
    await network.release();
  });

  it('agrees with the reference at every stage', async () => {
    const plain = inceptionResnetV1(readStateDict(zipFile));
    const network = await openNetwork(
      writeOnnx({ ...plain, outputs: Object.values(valueOf) }, ['N', 3, 160, 160]),
    );
    const outputs = await network.run({ input: formulaInput() });
    for (const [stage, value] of Object.entries(valueOf)) {
      const expected = reference.activations[stage];
      const { dims, data } = outputs[value] as Tensor;
      const numbers = data as Float32Array;
      expect([stage, dims]).toEqual([stage, expected?.shape]);
      expect(mean(numbers), stage).toBeCloseTo(expected?.mean ?? NaN, 4);
      expect(deviation(numbers), stage).toBeCloseTo(expected?.std ?? NaN, 4);
      expect(largestDifference(numbers.subarray(0, 5), expected?.first ?? []), stage).toBeLessThan(1e-4);
    }
    await network.release();
  });

  it('is refused with a parameter that the network has no use for', () => {
    const dict = readStateDict(zipFile);
    const [kernel] = dict.values();
    for (const [name, message] of [
      ['conv2d_1a.conv.bias', 'the parameters of the network and no more but received conv2d_1a.conv.bias'],
      ['logits.weight', 'logits.weight of float32 [any, 512] but received float32 [32, 3, 3, 3]'],
    ] as const) {
      const other = new Map(dict);
      if (kernel) other.set(name, kernel);
      expect(() => inceptionResnetV1(other)).toThrow(
        expect.objectContaining({ code: 'WEIGHTS_INVALID', message: `Expected ${message}` }),
      );
    }
  });

  it('gives each face of a batch what it gets alone', async () => {
    const network = await openNetwork(onnx);
    const input = formulaInput();
    const size = input.data.length / 2;
    const [, both = []] = await embed(network, input);
    const second = (input.data as Float32Array).subarray(size);
    const [alone] = await embed(network, new Tensor('float32', second, [1, 3, 160, 160]));
    expect(largestDifference(alone, both)).toBeLessThan(1e-5);
    await network.release();
  });
});

const published = { tags: ['facenet-parity', 'facenet-weights'] };

describe('FaceNet with the published weights', published, () => {
  it('finds faces as far apart as the reference does', async () => {
    const { names, distances } = readParityJson('real/expected-vggface2.json') as {
      names: string[];
      distances: number[][];
    };
    // The file of SIGHTLINE_FACENET_WEIGHTS, else what `sightline models pull` made.
    const weights = process.env.SIGHTLINE_FACENET_WEIGHTS;
    const network = await openNetwork(
      weights === undefined
        ? await new ModelStore({ cacheDir: defaultCacheDir() }).ensure(asset.id)
        : convert(asset, await readFile(weights)),
    );
    const vectors: Float32Array[] = [];
    for (const name of names) vectors.push(...(await embed(network, await readFace(`${name}.png`))));
    const errors = vectors.flatMap((a, row) =>
      vectors.map((b, column) => Math.abs(euclideanDistance(a, b) - (distances[row]?.[column] ?? NaN))),
    );
    expect(errors).toHaveLength(25);
    expect(errors.reduce((sum, error) => sum + error, 0)).toBeLessThan(0.01);
  });
});

/** What real files hold besides: the count of batches of every normalisation, and the layer of the training set. */
function parametersOfTraining(parameters: readonly Parameter[]): Parameter[] {
  const counts = parameters
    .filter(({ name }) => name.endsWith('.running_var'))
    .map(({ name }) => ({
      name: name.replace('running_var', 'num_batches_tracked'),
      shape: [],
      data: BigInt64Array.of(1000n),
    }));
  return [
    ...counts,
    { name: 'logits.weight', shape: [7, 512], data: new Float32Array(7 * 512) },
    { name: 'logits.bias', shape: [7], data: new Float32Array(7) },
  ];
}

function formulaInput(): Tensor {
  const shape = [2, 3, 160, 160];
  const values = noise('input', 2 * 3 * 160 * 160).map((value) => 2 * value);
  return new Tensor('float32', Float32Array.from(values), shape);
}

async function readFace(file: string): Promise<Tensor> {
  const { data, info } = await sharp(join(parityFolder, 'real', file))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([160, 160]);
  return toTensor({ width: 160, height: 160, data });
}

/** Embeddings of length 1. */
async function embed(network: InferenceSession, input: Tensor): Promise<Float32Array[]> {
  const { embedding } = await network.run({ input });
  const values = embedding?.data as Float32Array;
  return Array.from({ length: values.length / 512 }, (_, face) =>
    l2Normalise(values.slice(512 * face, 512 * (face + 1))),
  );
}

function largestDifference(received: ArrayLike<number> = [], expected: ArrayLike<number>): number {
  expect(received.length).toBe(expected.length);
  return Array.from(expected).reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (received[index] ?? NaN))),
    0,
  );
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of a sample, as PyTorch has it: divided by one less than the count. */
function deviation(values: ArrayLike<number>): number {
  const centre = mean(values);
  const sum = Array.from(values).reduce((total, value) => total + (value - centre) ** 2, 0);
  return Math.sqrt(sum / (values.length - 1));
}
