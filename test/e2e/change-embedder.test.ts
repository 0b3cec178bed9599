import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import { findEmbedder } from '../../src/recognition/embedding/embedder-specs.js';
import { defaultCacheDir, ModelStore } from '../../src/models/model-store.js';
import { openStorage } from '../../src/storage/open-storage.js';
import { EventStream } from '../helpers/event-stream.js';
import { RunningSightline, sightline, temporaryFolder } from '../helpers/sightline.js';

const defaultEmbedder = configSchema.parse({}).recognition.embedder;

describe.each([
  // The default before, and the one of now.
  { before: 'mobilefacenet', now: 'mobilefacenet+fr-feature' },
  { before: 'mobilefacenet+fr-feature', now: 'fr-feature' },
])('a gallery enrolled with $before, where $now is in use', ({ before, now }) => {
  const folder = temporaryFolder();
  const data = join(folder.path, 'data');
  const config = join(folder.path, 'config.yaml');
  let video: string;
  let photos: string[];

  beforeAll(async () => {
    const models = new ModelStore({ cacheDir: defaultCacheDir() });
    video = await models.ensure('demo-franck');
    const stills = ['demo-franck-01829', 'demo-franck-02221', 'demo-franck-02888'];
    photos = [...(await models.ensure(stills)).values()];
    writeFileSync(config, `recognition: { embedder: ${before} }`);
    for (const photo of photos)
      await sightline(['enroll', photo, '--name', 'Franck', '--data', data, '-c', config]);
    await trainFor(before);
    writeFileSync(config, now === defaultEmbedder ? '' : `recognition: { embedder: ${now} }`);
  });

  afterAll(() => folder.remove());

  /** Switches on a classifier and a Siamese head for an embedder. */
  async function trainFor(embedder: string): Promise<void> {
    const { model, dimension } = findEmbedder(embedder);
    const base = { model, dimension, trainedAt: 0 };
    const vectors = [Array.from({ length: dimension }, () => 1 / Math.sqrt(dimension))];
    const rule = { type: 'knn', neighbours: 1, gamma: 1, vectors, labels: [0] } as const;
    const weights = { distance: 1, differences: Array.from({ length: dimension }, () => 0) };
    const store = await openStorage({ data });
    await store.heads.save({ ...base, kind: 'classifier', people: ['Franck'], rejectBelow: 1, rule }, null);
    const confidence = { midpoint: 1, slope: 30 };
    await store.heads.save({ ...base, kind: 'siamese', weights, confidence }, null);
    await store.close();
  }

  /** Runs until somebody is recognised, and until a line is logged. */
  async function recognise(line = ''): Promise<string> {
    const startedAt = new Date();
    const program = new RunningSightline([
      ...['run', video, '--loop', '--port', '0', '--data', data, '-c', config],
    ]);
    const events = await EventStream.open(await program.serving(), startedAt);
    await events.until(({ type }) => type === 'sightline.identity.recognized');
    await program.logged(line);
    events.close();
    return (await program.stop()).stderr;
  }

  it('is embedded again while cameras run, and then does without', async () => {
    const done = 'All faces are embedded again';
    const first = await recognise(done);
    const told = first.split('\n').map((line) => (line.startsWith('{') ? (JSON.parse(line) as object) : {}));
    expect(told).toContainEqual(expect.objectContaining({ embedder: now, faces: 3 }));
    for (const kind of ['classifier', 'siamese']) {
      const msg = expect.stringMatching(`${kind} head for .* is not used.*Train the head again`) as string;
      expect(told).toContainEqual(expect.objectContaining({ code: 'HEAD_MISMATCH', msg }));
    }
    expect(await recognise()).not.toContain('embedded again');
  });

  it('keeps what was trained for the embedder before, unused', async () => {
    const list = async (embedder: string): Promise<string> => {
      const environment = { SIGHTLINE_RECOGNITION_EMBEDDER: embedder };
      return (await sightline(['heads', 'list', '--data', data], environment)).stdout;
    };
    expect(await list(now)).toContain(`classifier  not used with ${now}, trained`);
    expect(await list(before)).toMatch(/^classifier +on, trained/m);
  });

  it('is embedded again by identify, too', async () => {
    writeFileSync(config, 'recognition: { embedder: dlib }');
    const args = ['identify', photos[1]!, '--data', data, '--json', '-c', config];
    const { stdout, stderr } = await sightline(args);
    expect(stderr).toMatch(/HEAD_MISMATCH: .*classifier head for 128 numbers of dlib/);
    expect(JSON.parse(stdout)).toMatchObject([{ faces: [{ name: 'Franck', distance: 0 }] }]);
  });
});
