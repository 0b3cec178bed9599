import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultCacheDir } from '../../../src/models/model-store.js';
import { EmbedderBook, Embedders } from '../../../src/recognition/embedding/embedders.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import { channelsLast, onnxFile, type MadeNode } from '../../helpers/onnx-file.js';
import { sightline, type Finished } from '../../helpers/sightline.js';

/** MobileFaceNet's file stands for the user's: what it expects is known. */
const expected = ['--std', '128'];
let weights: Buffer;
let file: string;
let folder: string;
let modelsDir: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-own-'));
  modelsDir = join(folder, 'models');
  file = join(defaultCacheDir(), 'mobilefacenet.onnx');
  weights = await readFile(file);
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  await rm(modelsDir, { recursive: true, force: true });
  data = await mkdtemp(join(folder, 'data-'));
  // All that Sightline ships; what tests add stays out of everybody's cache.
  const { mkdir } = await import('node:fs/promises');
  await mkdir(modelsDir);
  for (const name of await readdir(defaultCacheDir()))
    await symlink(join(defaultCacheDir(), name), join(modelsDir, name));
});

function models(...args: readonly string[]): Promise<Finished> {
  return sightline(['models', ...args, '--data', data, '--models-dir', modelsDir]);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Weight files of the user's in the cache, and the names under which they are known. */
async function kept(): Promise<{ files: string[]; names: string[] }> {
  const files = (await readdir(modelsDir)).filter((name) => name.startsWith('own-') || name.startsWith('.'));
  const store = await openStorage({ data, create: false });
  const { added } = await Embedders.read(store.settings);
  await store.close();
  return { files: files.sort(), names: added.map(({ name }) => name) };
}

const nothing = { files: [], names: [] };

describe('a network from a file', () => {
  it('is added, shown, listed, verified and removed', async () => {
    const added = await models('add', 'mine', '--onnx', file, ...expected, '--sha256', sha256(weights));
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toContain('mine is added: 192 numbers a face');
    expect(added.stdout).toContain('sightline evaluate embedder mine --set FOLDER');
    const own = `own-${sha256(weights)}.onnx`;
    expect(await kept()).toEqual({ files: [own, `${own}.json`], names: ['mine'] });
    expect((await models('show', 'mine')).stdout).toMatch(
      /--size 112 --color rgb --mean 127\.5 --std 128 --template arcface-112 \(nchw\)[^]*not measured/,
    );
    expect((await models('list')).stdout).toMatch(/^mine +added +\d\.\d\d MB +ready +not measured/m);
    expect((await models('verify')).code).toBe(0);
    expect(await models('add', 'mine', '--onnx', file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('MODEL_NAME_TAKEN: Expected a new name but mine was added') as string,
    });
    expect((await models('remove', 'mine')).stdout).toBe('mine and its weights are removed\n');
    expect(await kept()).toEqual(nothing);
  });

  it('may keep the channels of a pixel together', async () => {
    const own = join(folder, 'channels-last.onnx');
    await writeFile(own, channelsLast(weights, 112));
    const { code, stdout } = await models('add', 'last', '--onnx', own, ...expected);
    expect([code, stdout]).toEqual([0, expect.stringContaining('last is added: 192 numbers') as string]);
    expect((await models('show', 'last')).stdout).toContain('(nhwc)');
  });

  it('that lost a byte, or is another one, is not used', async () => {
    await models('add', 'mine', '--onnx', file, ...expected);
    const own = join(modelsDir, `own-${sha256(weights)}.onnx`);
    await writeFile(own, weights.subarray(1));
    const used = ['evaluate', 'lfw', '--embedder', 'mine', '--data', data, '--models-dir', modelsDir];
    const pairs = join(folder, 'pairs.txt');
    await writeFile(pairs, '1\nA\t1\t2\nA\t1\tB\t1\n');
    const pictures = join(folder, 'lfw');
    const { mkdir } = await import('node:fs/promises');
    for (const photo of ['A/A_0001', 'A/A_0002', 'B/B_0001']) {
      await mkdir(join(pictures, photo, '..'), { recursive: true });
      await symlink(join(defaultCacheDir(), 'sample-1.jpg'), join(pictures, `${photo}.jpg`));
    }
    const { code, stderr } = await sightline([...used, '--pairs', pairs, '--images', pictures]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('MODEL_CHECKSUM_MISMATCH') as string]);
    expect((await models('verify')).stderr).toContain('MODEL_CHECKSUM_MISMATCH');
    // The right file mends it, another one does not.
    const other = join(folder, 'other.onnx');
    await writeFile(other, 'other');
    expect((await models('pull', 'mine', '--from', other)).stderr).toContain('MODEL_CHECKSUM_MISMATCH');
    expect((await models('pull', 'mine')).stderr).toContain('Expected --from FILE');
    expect((await models('pull', 'mine', '--from', file)).code).toBe(0);
    expect((await models('verify')).code).toBe(0);
  });

  it('is not removed while the configuration names it, or while a program runs', async () => {
    await models('add', 'mine', '--onnx', file, ...expected);
    const config = join(folder, 'config.yaml');
    await writeFile(config, 'recognition: { embedder: mine }');
    expect((await models('remove', 'mine', '-c', config)).stderr).toContain('MODEL_IN_USE');
    const running = await openStorage({ data, exclusive: true });
    expect((await models('remove', 'mine')).stderr).toContain('DATA_IN_USE');
    await running.close();
    expect((await kept()).names).toEqual(['mine']);
  });

  it('stays where another name has the same weights', async () => {
    await models('add', 'mine', '--onnx', file, ...expected);
    await models('add', 'twin', '--onnx', file);
    await models('remove', 'mine');
    expect((await kept()).files).toHaveLength(2);
    expect((await models('verify')).code).toBe(0);
  });

  it.each([
    ['mobilefacenet', 'MODEL_NAME_TAKEN'],
    ['mobilefacenet+fr-feature', 'USAGE'],
    ['mtcnn-onet', 'MODEL_NAME_TAKEN'],
    ['sface', 'MODEL_NAME_TAKEN'],
    ['My Model', 'USAGE'],
    ['../mine', 'USAGE'],
  ])('cannot be called %s', async (name, code) => {
    expect((await models('add', name, '--onnx', file)).stderr).toContain(`Error ${code}: `);
    expect(await kept()).toEqual(nothing);
  });

  it.each([
    [['--size', '7'], '--size to be a whole number from 16 to 1024 but received "7"'],
    [['--mean', '1,2'], '--mean to be one number, or three with commas but received "1,2"'],
    [['--std', '0'], '--std to be one number above 0, or three with commas but received "0"'],
    [['--sha256', 'abc'], '--sha256 to be 64 hexadecimal digits but received "abc"'],
  ])('is refused with the options %o', async (options, message) => {
    const { code, stderr } = await models('add', 'mine', '--onnx', file, ...options);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message) as string]);
  });

  it.each([
    ['another checksum', ['--sha256', '0'.repeat(64)], 'MODEL_CHECKSUM_MISMATCH'],
    ['a path that is not there', ['--onnx', '/nowhere.onnx'], 'WEIGHTS_UNREADABLE'],
    ['a file that is no network', ['--onnx', import.meta.filename], 'WEIGHTS_INVALID'],
    ['another size than the network takes', ['--size', '128'], 'MODEL_SHAPE_UNSUPPORTED'],
  ])('leaves nothing behind with %s', async (_, options, code) => {
    const { stderr } = await models('add', 'mine', '--onnx', file, ...expected, ...options);
    expect(stderr).toContain(
      `Error ${code}: Expected`.slice(0, code === 'WEIGHTS_UNREADABLE' ? -8 : undefined),
    );
    expect(await kept()).toEqual(nothing);
  });
});

describe('the self-test', () => {
  it.each([
    [['--color', 'bgr', ...expected], '--color bgr to suit', 'did you mean --color rgb?'],
    [['--mean', '0', '--std', '1'], '--mean 0 --std 1 to suit', 'did you mean --mean 127.5 --std 127.5?'],
    [
      ['--template', 'dlib-150', ...expected],
      '--template dlib-150 to',
      'did you mean --template arcface-112?',
    ],
  ])('objects to %o, and says what would suit', async (options, stated, question) => {
    const { code, stderr } = await models('add', 'mine', '--onnx', file, ...options);
    expect(code).toBe(1);
    expect(stderr).toContain('MODEL_SELF_TEST_FAILED');
    expect(stderr).toContain(stated);
    expect(stderr).toContain(question);
    expect(await kept()).toEqual(nothing);
  });

  it('is overruled by --force, and the objection is kept', async () => {
    const { code, stdout } = await models('add', 'mine', '--onnx', file, '--color', 'bgr', '--force');
    expect(code).toBe(0);
    expect(stdout).toContain('added although the self-test objects: Expected --color bgr');
    expect((await models('show', 'mine')).stdout).toMatch(/self-test +Expected --color bgr/);
  });
});

/** Colours averaged over the face, and 32 numbers made of them by `weight` and `bias`. */
function meanColours(weight: number, bias: number, last: readonly MadeNode[] = []): Uint8Array {
  const data = Float32Array.from({ length: 96 }, (_, index) => weight * Math.sin(index * 5));
  const shift = Float32Array.from({ length: 32 }, (_, index) => bias * Math.cos(index));
  return onnxFile({
    input: ['N', 3, 112, 112],
    constants: { w: { dims: [32, 3, 1, 1], data }, b: { dims: [32], data: shift } },
    nodes: [
      { op: 'GlobalAveragePool', inputs: ['input'], output: 'pooled' },
      { op: 'Conv', inputs: ['pooled', 'w', 'b'], output: 'made', ints: { kernel_shape: [1, 1] } },
      { op: 'Flatten', inputs: ['made'], output: 'flat' },
      ...last,
    ],
    output: last.at(-1)?.output ?? 'flat',
  });
}

const pooled = { op: 'GlobalAveragePool', inputs: ['input'], output: 'pooled' };

describe('a network that is no embedder', () => {
  it.each<[string, Uint8Array, string, string]>([
    [
      'gives NaN',
      meanColours(1, -9, [{ op: 'Log', inputs: ['flat'], output: 'log' }]),
      'SELF_TEST_FAILED',
      'NaN',
    ],
    ['gives zeros', meanColours(0, 0), 'SELF_TEST_FAILED', 'only zeros'],
    ['gives one vector for everybody', meanColours(0, 1), 'SELF_TEST_FAILED', 'different people'],
    ['only sees colours', meanColours(1, 0.2), 'SELF_TEST_FAILED', 'tells people apart'],
    [
      'takes grey faces',
      onnxFile({ input: ['N', 1, 112, 112], nodes: [pooled], output: 'pooled' }),
      'SHAPE_UNSUPPORTED',
      'three channels, N×3×side×side or N×side×side×3, but received N×1×112×112',
    ],
    [
      'takes vectors',
      onnxFile({ input: ['N', 512], nodes: [{ op: 'Relu', inputs: ['input'], output: 'y' }], output: 'y' }),
      'SHAPE_UNSUPPORTED',
      'four dimensions but received N×512',
    ],
    [
      'takes batches of eight',
      onnxFile({ input: [8, 3, 112, 112], nodes: [pooled], output: 'pooled' }),
      'SHAPE_UNSUPPORTED',
      'a batch that is open or 1 but received one of 8',
    ],
    [
      'takes oblong faces',
      onnxFile({ input: ['N', 3, 112, 96], nodes: [pooled], output: 'pooled' }),
      'SHAPE_UNSUPPORTED',
      'a square input but received N×3×112×96',
    ],
    [
      'gives a feature map',
      onnxFile({
        input: ['N', 3, 112, 112],
        nodes: [{ op: 'Relu', inputs: ['input'], output: 'y' }],
        output: 'y',
      }),
      'SHAPE_UNSUPPORTED',
      'but received 1×3×112×112',
    ],
    [
      'gives three numbers',
      onnxFile({ input: ['N', 3, 112, 112], nodes: [pooled], output: 'pooled' }),
      'SHAPE_UNSUPPORTED',
      'd from 16 to 4096, but received 1×3×1×1',
    ],
    [
      'takes two inputs',
      onnxFile({
        ...{ input: ['N', 3, 112, 112], moreInputs: ['mask'], output: 'y' },
        nodes: [{ op: 'Add', inputs: ['input', 'mask'], output: 'y' }],
      }),
      'SHAPE_UNSUPPORTED',
      'one input but received 2',
    ],
    [
      'takes float16',
      onnxFile({
        ...{ input: ['N', 3, 112, 112], elemType: 10, output: 'y' },
        nodes: [{ op: 'Relu', inputs: ['input'], output: 'y' }],
      }),
      'SHAPE_UNSUPPORTED',
      'an input of float32 but received float16',
    ],
  ])('because it %s is refused, and nothing is left', async (_, bytes, code, message) => {
    const own = join(folder, 'made.onnx');
    await writeFile(own, bytes);
    const { stderr } = await models('add', 'mine', '--onnx', own);
    expect(stderr).toContain(`Error MODEL_${code}: `);
    expect(stderr).toContain(message);
    expect(await kept()).toEqual(nothing);
  });
});

describe('a network from an address', () => {
  let server: Server;
  let url: string;
  let answer: RequestListener;

  beforeEach(async () => {
    answer = (_, response) => response.end(weights);
    server = createServer((request, response) => answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mine.onnx`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('with its checksum is added, and fetched again for another models folder', async () => {
    const add = ['add', 'mine', '--onnx', url, '--sha256', sha256(weights).toUpperCase(), ...expected];
    expect((await models(...add)).code).toBe(0);
    await rm(join(modelsDir, `own-${sha256(weights)}.onnx`));
    expect((await models('list')).stdout).toMatch(/^mine +added +missing +not measured +http:/m);
    expect((await models('pull', 'mine')).code).toBe(0);
    expect((await models('list')).stdout).toMatch(/^mine +added +\d\.\d\d MB +ready/m);
    answer = (_, response) => response.end('another');
    expect((await models('pull', 'mine')).stderr).toContain('MODEL_CHECKSUM_MISMATCH');
  });

  it('without a checksum is shown with its own, and only taken when the user says so', async () => {
    const asked = await models('add', 'mine', '--onnx', url, ...expected);
    expect(asked.stderr).toContain(`has sha256 ${sha256(weights)}, and nothing to compare it with`);
    expect(asked.stderr).toContain('CONFIRMATION_MISSING');
    expect(await kept()).toEqual(nothing);
    expect((await models('add', 'mine', '--onnx', url, ...expected, '--yes')).code).toBe(0);
    expect((await kept()).names).toEqual(['mine']);
  });

  it('that gives another file, or none, leaves nothing behind', async () => {
    const add = ['add', 'mine', '--onnx', url, '--sha256', sha256(weights)];
    answer = (_, response) => response.end('<html>Sign in</html>');
    expect((await models(...add)).stderr).toContain('MODEL_CHECKSUM_MISMATCH');
    answer = (_, response) => response.writeHead(404).end();
    expect((await models(...add)).stderr).toContain('MODEL_PULL_FAILED');
    expect(await kept()).toEqual(nothing);
  });
});

describe('a network that names people', () => {
  it('has to be measured first, and is then an embedder like the others', async () => {
    await models('add', 'mine', '--onnx', file, ...expected);
    const still = join(defaultCacheDir(), 'demo-franck-01829.jpg');
    const other = join(defaultCacheDir(), 'demo-franck-02221.jpg');
    const options = ['--data', data, '--models-dir', modelsDir, '--embedder', 'mine'];
    const early = await sightline(['verify', still, other, ...options]);
    expect(early.stderr).toContain('MODEL_NOT_MEASURED: Expected mine to be measured');
    expect(early.stderr).toContain('`sightline evaluate embedder mine --set FOLDER`');
    const store = await openStorage({ data });
    const added = (await Embedders.read(store.settings)).requireAdded('mine');
    const thresholds = [1.141, 1.048, 0.967].map((distance, index) => {
      return { falseAcceptRate: 10 ** -(index + 2), distance, trueAcceptRate: 0.9, extrapolated: false };
    });
    const counts = { people: 963, photos: 1549, impostorPairs: 1_197_943, genuinePairs: 983 };
    const nearest: [number, number, number] = [1.3, 1.25, 1.2];
    const fit = {
      impostors: { median: 1.4, nearest },
      leastMargin: 0.1,
      confidence: { midpoint: 1.1, slope: 27.5 },
    };
    const measurement = { set: 'photos', measuredAt: 1, ...counts, thresholds, ...fit };
    expect(await new EmbedderBook(store.settings).measured(added, measurement)).toBe(true);
    await store.close();
    const verified = await sightline(['verify', still, other, ...options, '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ same: true, threshold: 0.967 });
    const known = await sightline([
      'verify',
      still,
      other,
      ...options,
      '--embedder',
      'mobilefacenet',
      '--json',
    ]);
    const [own, builtIn] = [verified, known].map(
      ({ stdout }) => (JSON.parse(stdout) as { distance: number }).distance,
    );
    expect(own).toBeCloseTo(builtIn!, 4);
    expect((await models('list')).stdout).toMatch(/^mine .* on photos, 963 people/m);
  });
});
