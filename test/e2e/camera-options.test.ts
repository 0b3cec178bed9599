import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FaceEventData } from '../../src/events/identity-event.js';
import { findFfmpeg } from '../../src/ingest/ffmpeg-binary.js';
import { defaultCacheDir, ModelStore } from '../../src/models/model-store.js';
import type { CameraStatus } from '../../src/pipeline/camera.js';
import { EventStream } from '../helpers/event-stream.js';
import { RunningSightline, sightline, temporaryFolder } from '../helpers/sightline.js';

const run = promisify(execFile);

describe('the options of a camera', () => {
  const folder = temporaryFolder();
  const data = join(folder.path, 'data');
  const wide = join(folder.path, 'wide.mp4');
  const visited = join(folder.path, 'visited.mp4');
  const visitedSmall = join(folder.path, 'visited-small.mp4');
  let small: string;
  let program: RunningSightline | undefined;
  let events: EventStream | undefined;

  beforeAll(async () => {
    const models = new ModelStore({ cacheDir: defaultCacheDir() });
    const paths = await models.ensure(['demo-franck-01829', 'demo-franck', 'demo-cap12']);
    const [photo, franck, other] = [...paths.values()] as [string, string, string];
    small = join(folder.path, 'small.mp4');
    const { path } = await findFfmpeg();
    const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-an', '-t', '6', '-y'];
    // Two people side by side at 1440×576, and the same at half the size.
    const side = '[0:v]scale=720:576,fps=25[a];[1:v]scale=720:576,fps=25[b];[a][b]hstack';
    const inputs = ['-loglevel', 'error', '-i', franck, '-i', other];
    await run(path, [...inputs, '-filter_complex', side, ...encode, wide]);
    await run(path, ['-loglevel', 'error', '-i', wide, '-vf', 'scale=720:288', ...encode, small]);
    // Somebody shows up for two seconds; the only key frame is at the beginning.
    const empty = ['-f', 'lavfi', '-i', 'color=gray:size=1280x720:rate=25', '-t', '12'];
    const visit =
      "[1:v]scale=-2:576[p];[0:v][p]overlay=x=200:y=72:eof_action=repeat:enable='between(t,8,10)'";
    const key = ['-g', '500', '-keyint_min', '500', '-sc_threshold', '0'];
    await run(path, [
      ...['-loglevel', 'error', ...empty, '-i', franck, '-filter_complex', visit],
      ...[...encode, ...key, '-t', '12', visited],
    ]);
    await run(path, [
      '-loglevel',
      'error',
      '-i',
      visited,
      '-vf',
      'scale=640:360',
      ...encode,
      '-t',
      '12',
      visitedSmall,
    ]);
    await sightline(['enroll', photo, '--name', 'Franck', '--data', data]);
  });

  // A test that failed has left its program running, which keeps the data folder to itself.
  afterEach(async () => {
    events?.close();
    await program?.stop();
    [events, program] = [undefined, undefined];
  });
  afterAll(() => folder.remove());

  async function watch(camera: object, more: object = {}): Promise<void> {
    const file = join(folder.path, 'config.yaml');
    const cameras = [{ id: 'cam', url: wide, loop: true, ...camera }];
    writeFileSync(file, JSON.stringify({ cameras, ...more }));
    const startedAt = new Date();
    program = new RunningSightline(['run', '--config', file, '--port', '0', '--data', data]);
    events = await EventStream.open(await program.serving(), startedAt);
  }

  /** The faces that were followed by the time both, or the one, were decided on. */
  async function decided(type: string): Promise<FaceEventData> {
    const { data } = await events!.until((event) => event.type === type);
    return data as FaceEventData;
  }

  async function stop(): Promise<void> {
    const { code } = (await program?.stop()) ?? {};
    expect(code).toBe(0);
  }

  it('finds faces in the small stream and recognises them in the large one', async () => {
    await watch({ detectUrl: small });
    const known = await decided('sightline.identity.recognized');
    expect(known).toMatchObject({ identity: { name: 'Franck' }, frame: { width: 1440, height: 576 } });
    // In pixels of the large stream: Franck's face fills a third of his half.
    expect(known.box.width).toBeGreaterThan(200);
    expect(known.box.x + known.box.width).toBeLessThan(720);
    const unknown = await decided('sightline.identity.unknown');
    expect(unknown.box.x).toBeGreaterThan(720);
    await stop();
  });

  it('names somebody who shows up for two seconds, though nothing was decoded before', async () => {
    // A busy machine may not search in time for one visit of two seconds; before each there are ten without anybody.
    await watch({ url: visited, detectUrl: visitedSmall, loop: true });
    const { identity, frame } = await decided('sightline.identity.recognized');
    expect([identity, frame]).toMatchObject([{ name: 'Franck' }, { width: 1280, height: 720 }]);
    await stop();
  });

  it('ignores faces outside the region', async () => {
    const rightHalf = [
      [0.5, 0],
      [1, 0],
      [1, 1],
      [0.5, 1],
    ];
    await watch({ detector: { region: rightHalf } });
    const unknown = await decided('sightline.identity.unknown');
    expect(unknown.box.x).toBeGreaterThan(720);
    for (const event of events!.events) {
      if ('track' in event.data) expect(event.data.box.x).toBeGreaterThan(720);
    }
    await stop();
  });

  it.each(['mediapipe', 'mtcnn'])('names people with %s in a thread of its own', async (kind) => {
    await watch({ detector: { kind, thread: 'worker' } });
    expect(await decided('sightline.identity.recognized')).toMatchObject({ identity: { name: 'Franck' } });
    expect((await decided('sightline.identity.unknown')).box.x).toBeGreaterThan(720);
    await stop();
  });

  it('moves to a thread when a second camera is added, and goes on naming people', async () => {
    await watch({ detector: { kind: 'mtcnn' } }, { api: { cameraSources: { schemes: ['file'] } } });
    await decided('sightline.identity.recognized');
    const url = await program!.serving();
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ id: 'second', url: wide, loop: true });
    const camera = async (): Promise<CameraStatus> =>
      (await (await fetch(`${url}/v1/cameras/cam`)).json()) as CameraStatus;
    expect((await fetch(`${url}/v1/cameras`, { method: 'POST', headers, body })).status).toBe(201);
    await program!.logged('Faces are now searched for in a thread');
    const { data } = await events!.until(
      ({ type, source }) => type === 'sightline.identity.recognized' && source === '/cameras/second',
    );
    expect(data).toMatchObject({ identity: { name: 'Franck' } });
    // The first goes on in the thread: its rate of searches is an average over five seconds.
    const { frames } = await camera();
    await expect.poll(async () => (await camera()).frames).toBeGreaterThan(frames + 6 * 25);
    expect(await camera()).toMatchObject({ faces: 2, detectionsPerSecond: expect.any(Number) as number });
    expect((await camera()).detectionsPerSecond).toBeGreaterThan(0);
    await stop();
  });
});
