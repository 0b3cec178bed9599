import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultCacheDir, ModelStore } from '../../src/models/model-store.js';
import { EventStream } from '../helpers/event-stream.js';
import { RunningSightline, sightline, temporaryFolder } from '../helpers/sightline.js';

describe('a gallery enrolled with another embedder than the one in use', () => {
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
    for (const photo of photos) await sightline(['enroll', photo, '--name', 'Franck', '--data', data]);
    writeFileSync(config, 'recognition: { embedder: fr-feature }');
  });

  afterAll(() => folder.remove());

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
    expect(await recognise(done)).toMatch(/"embedder":"fr-feature".*"faces":3/);
    expect(await recognise()).not.toContain('embedded again');
  });

  it('is embedded again by identify, too', async () => {
    writeFileSync(config, 'recognition: { embedder: dlib }');
    const args = ['identify', photos[1]!, '--data', data, '--json', '-c', config];
    const { stdout } = await sightline(args);
    expect(JSON.parse(stdout)).toMatchObject([{ faces: [{ name: 'Franck', distance: 0 }] }]);
  });
});
