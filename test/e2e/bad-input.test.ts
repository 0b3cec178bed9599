import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultCacheDir, ModelStore } from '../../src/models/model-store.js';
import { RtspTestServer } from '../helpers/rtsp-server.js';
import { RunningSightline, sightline, temporaryFolder } from '../helpers/sightline.js';
import { VideoFolder } from '../helpers/video.js';

const folder = temporaryFolder();
const videos = new VideoFolder();
const models = new ModelStore({ cacheDir: defaultCacheDir() });

afterAll(() => {
  folder.remove();
  videos.remove();
});

describe('bad options', () => {
  it.each([
    ['an unknown option', ['run', '--prot', '80', 'test:'], /unknown option '--prot'[\s\S]*--port/],
    ['an unknown command', ['rum'], /unknown command 'rum'[\s\S]*run/],

    [
      'a port that is none',
      ['run', 'test:', '--port', 'http'],
      /server\.port: expected a number, but received "http"/,
    ],
    ['a missing configuration', ['run', '--config', '/nowhere.yaml'], /CONFIG_UNREADABLE.*\/nowhere\.yaml/],
    ['a source of no known kind', ['run', 'ftp://camera/'], /SOURCE_INVALID.*rtsp:\/\/.*ftp/],
  ])('says what is wrong with %s, and what would be right', async (_, args, expected) => {
    const { code, stderr, stdout } = await sightline([
      ...args,
      ...(args[0] === 'run' ? ['--data', folder.path] : []),
    ]);
    expect(stderr).toMatch(expected);
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
  });

  it('reports every mistake of a configuration at once', async () => {
    const file = join(folder.path, 'bad.yaml');
    writeFileSync(file, 'servre: {port: 1}\nrecognition: {workers: 0}\ncameras: [{url: "test:", fsp: 3}]\n');
    const { code, stderr } = await sightline(['run', '--config', file]);
    expect(code).toBe(2);
    expect(stderr).toContain('3 problems');
    expect(stderr).toContain('servre: no such option; did you mean server?');
    expect(stderr).toContain('recognition.workers: expected at least 1, but received 0');
    expect(stderr).toContain('cameras[0].fsp: no such option; did you mean fps?');
  });

  it('says which port is in use, before it does anything else', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as { port: number };
    const { code, stderr } = await sightline(['run', 'test:', '--port', String(port), '--data', folder.path]);
    blocker.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`PORT_IN_USE.*${port}`));
  });
});

describe('bad cameras', () => {
  const sources: readonly (readonly [string, () => Promise<string>, string, string])[] = [
    [
      'unreachable',
      () => Promise.resolve('rtsp://me:s3cret@127.0.0.1:9/stream'),
      'offline',
      'SOURCE_UNREACHABLE',
    ],
    ['missing', () => Promise.resolve('/nowhere/video.mp4'), 'failed', 'SOURCE_NOT_FOUND'],
    ['not a video', () => videos.write('text.mp4', 'just a text, no video'), 'failed', 'SOURCE_NOT_VIDEO'],
    ['empty', () => videos.write('empty.mp4', ''), 'failed', 'SOURCE_NOT_VIDEO'],
    [
      'cut off before its first picture',
      async () => videos.truncated(await videos.clip(), 0.02),
      'failed',
      'SOURCE_NOT_VIDEO',
    ],
  ];

  describe('side by side', () => {
    let program: RunningSightline;
    let url: string;

    beforeAll(async () => {
      const urls = await Promise.all(sources.map(([, source]) => source()));
      program = new RunningSightline(['run', ...urls, '--port', '0', '--data', folder.path]);
      url = await program.serving();
    });
    afterAll(() => program.stop());

    it.each(sources.map(([what, , state, code], index) => [what, state, code, `cam${index + 1}`] as const))(
      'a source that is %s becomes a state with a code',
      async (_, state, code, id) => {
        await expect.poll(() => cameraState(url, id)).toMatchObject({ state, error: { code } });
        const told = JSON.stringify(await cameraState(url, id)) + program.stdout + program.stderr;
        expect(told).not.toContain('s3cret');
        expect((await fetch(`${url}/healthz`)).status).toBe(200);
      },
    );
  });

  it('a wrong password is told apart from a camera that is gone', async () => {
    const camera = await RtspTestServer.open({
      file: await models.ensure('demo-franck'),
      credentials: { user: 'me', password: 'right' },
    });
    const wrong = camera.url.replace('right', 'wr0ng');
    const program = new RunningSightline(['run', wrong, '--port', '0', '--data', folder.path]);
    try {
      const url = await program.serving();
      const expected = { state: 'offline', error: { code: 'SOURCE_AUTH_FAILED' } };
      await expect.poll(() => cameraState(url)).toMatchObject(expected);
      expect(JSON.stringify(await cameraState(url)) + program.stderr).not.toContain('wr0ng');
    } finally {
      await program.stop();
      await camera.close();
    }
  });

  it('a file cut off in the middle plays as far as it goes, and ends', async () => {
    const file = await videos.truncated(await videos.clip({ seconds: 3, name: 'long.mp4' }), 0.6);
    const program = new RunningSightline(['run', file, '--port', '0', '--data', folder.path]);
    const url = await program.serving();
    await expect.poll(() => cameraState(url)).toMatchObject({ state: 'ended', error: null });
    const { frames } = (await cameraState(url)) as { frames: number };
    expect(frames).toBeGreaterThan(10);
    expect(frames).toBeLessThan(75);
    await program.stop();
  });
});

describe('bad photos', () => {
  const people = join(folder.path, 'people');
  let good: string;

  beforeAll(async () => {
    const [first, second] = [
      await models.ensure('demo-franck-01829'),
      await models.ensure('demo-franck-02888'),
    ];
    good = first;
    mkdirSync(join(people, 'Wrong'), { recursive: true });
    mkdirSync(join(people, 'Franck'));
    writeFileSync(join(people, 'Franck', 'good.jpg'), readFileSync(first));
    writeFileSync(join(people, 'Wrong', 'zero.jpg'), '');
    writeFileSync(join(people, 'Wrong', 'text.jpg'), 'no picture at all');
    writeFileSync(join(people, 'Wrong', 'cut-off.jpg'), readFileSync(first).subarray(0, 9000));
    const plain = { width: 30_000, height: 20, channels: 3, background: '#888' } as const;
    await sharp({ create: plain })
      .png()
      .toFile(join(people, 'Wrong', 'wide.png'));
    await sharp({ create: { ...plain, width: 400, height: 300 } })
      .jpeg()
      .toFile(join(people, 'Wrong', 'nobody.jpg'));
    const { width = 0, height = 0 } = await sharp(first).metadata();
    await sharp({ create: { ...plain, width: width * 2, height } })
      .composite([
        { input: first, left: 0, top: 0 },
        { input: second, left: width, top: 0 },
      ])
      .jpeg()
      .toFile(join(people, 'Wrong', 'two.jpg'));
  });

  it('names each photo that was refused and why, and enrols the others', async () => {
    const { code, stdout } = await sightline(['enroll', people, '--yes', '--data', join(folder.path, 'a')]);
    expect(stdout).toMatch(/✓ Franck: .*good\.jpg enrolled/);
    expect(stdout).toMatch(/zero\.jpg refused: IMAGE_UNREADABLE: .*empty/);
    expect(stdout).toMatch(/text\.jpg refused: IMAGE_UNREADABLE/);
    expect(stdout).toMatch(/cut-off\.jpg refused: IMAGE_UNREADABLE/);
    expect(stdout).toMatch(/wide\.png refused: IMAGE_TOO_LARGE: .*30000×20/);
    expect(stdout).toMatch(/nobody\.jpg refused: FACE_NOT_FOUND/);
    expect(stdout).toMatch(/two\.jpg refused: FACE_AMBIGUOUS: .*found 2/);
    expect(stdout).toContain('1 enrolled, 6 refused');
    expect(code).toBe(1);
  });

  it('takes the same photo once', async () => {
    const again = ['enroll', good, '--name', 'Franck', '--data', join(folder.path, 'b')];
    expect((await sightline(again)).stdout).toContain('1 enrolled');
    const { code, stdout } = await sightline(again);
    expect(stdout).toContain('1 known already');
    expect(code).toBe(0);
  });

  it.each([
    ['an empty folder', () => join(folder.path, 'nothing-here'), [], /PHOTOS_NOT_FOUND.*nothing-here/],
    ['a photo without a name', () => good, [], /PHOTOS_NOT_FOUND.*--name/],
    ['a path that is not there', () => '/nowhere', [], /PHOTOS_NOT_FOUND.*\/nowhere/],
  ])('says what it expected instead of %s', async (_, path, more, expected) => {
    mkdirSync(join(folder.path, 'nothing-here'), { recursive: true });
    const { code, stderr } = await sightline(['enroll', path(), ...more, '--data', join(folder.path, 'c')]);
    expect(stderr).toMatch(expected);
    expect(code).toBe(1);
  });

  it('a corrupt gallery stops the start, says what to do, and is left as it is', async () => {
    const data = join(folder.path, 'corrupt');
    mkdirSync(data);
    const file = join(data, 'gallery.db');
    writeFileSync(file, 'SQLite format 3\0 and then something else entirely');
    for (const args of [
      ['run', 'test:', '--port', '0'],
      ['enroll', good, '--name', 'Franck'],
      ['doctor', '--port', '0'],
    ]) {
      const { code, stdout, stderr } = await sightline([...args, '--data', data]);
      expect(stdout + stderr).toMatch(/GALLERY_CORRUPT: .*gallery\.db/);
      expect(stdout + stderr).toContain('Restore it from a backup');
      expect(code).toBe(1);
    }
    expect(readFileSync(file, 'utf8')).toBe('SQLite format 3\0 and then something else entirely');
  });
});

async function cameraState(url: string, camera = 'cam1'): Promise<unknown> {
  return (await fetch(`${url}/v1/cameras/${camera}`)).json();
}
