import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.js';

async function yamlFile(text: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'sightline-config-')), 'sightline.yaml');
  await writeFile(path, text);
  return path;
}

describe('loadConfig', () => {
  it('fills in every default', async () => {
    const config = await loadConfig({ environment: {}, commandLine: { cameras: ['rtsp://cam/stream'] } });
    expect(config.server).toEqual({
      host: '127.0.0.1',
      port: 8420,
      token: null,
      tokenOnLoopback: false,
      tokens: [],
      corsOrigins: [],
      rateLimit: 6000,
    });
    expect(config.cameras).toHaveLength(1);
    expect(config.cameras[0]).toMatchObject({
      id: 'cam1',
      name: 'cam1',
      url: 'rtsp://cam/stream',
      transport: 'tcp',
      detector: { kind: 'auto', range: 'full', rate: 'auto' },
    });
  });

  it('lets the command line win over the environment, and that over the file', async () => {
    const file = await yamlFile(
      'server: {port: 1000, host: 127.0.0.2}\ndata: from-file\nrecognition: {workers: 3}\n',
    );
    const config = await loadConfig({
      file,
      environment: { SIGHTLINE_SERVER_PORT: '2000', SIGHTLINE_DATA: 'from-env', PATH: '/bin' },
      commandLine: { data: 'from-command-line', server: { port: undefined } },
    });
    expect(config.server).toMatchObject({ host: '127.0.0.2', port: 2000 });
    expect(config.data).toBe('from-command-line');
    expect(config.recognition.workers).toBe(3);
  });

  it('overrides the detector of one camera alone', async () => {
    const file = await yamlFile(
      'detector: {threshold: 0.7}\ncameras:\n  - {url: "test:", detector: {kind: mtcnn}}\n  - "test:"\n',
    );
    const { cameras } = await loadConfig({ file, environment: {} });
    expect(cameras[0]?.detector).toMatchObject({ kind: 'mtcnn', threshold: 0.7 });
    expect(cameras[1]?.detector).toMatchObject({ kind: 'auto', threshold: 0.7 });
  });

  it('reads lists from the environment and keeps text as it stands', async () => {
    const { cameras, server } = await loadConfig({
      environment: {
        SIGHTLINE_CAMERAS: '[rtsp://u:p@one/, "test:"]',
        SIGHTLINE_SERVER_TOKEN: '1234567890123456',
      },
    });
    expect(cameras.map((camera) => camera.url)).toEqual(['rtsp://u:p@one/', 'test:']);
    expect(server.token).toBe('1234567890123456');
  });

  it('reports every mistake at once, each with its path', async () => {
    const file = await yamlFile(
      [
        'server: {prot: 80, host: ""}',
        'cameras:',
        '  - {url: "rtsp://x/", fps: fast, detector: {kind: yolo}}',
        '  - {id: Front Door, url: "rtsp://y/", tarnsport: udp}',
        'recogniton: {}',
      ].join('\n'),
    );
    const failure = loadConfig({ file, environment: { SIGHTLINE_SERVER_PROT: '1' } });
    await expect(failure).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const message = await failure.catch((error: Error) => error.message);
    for (const part of [
      '8 problems',
      'SIGHTLINE_SERVER_PROT: no such variable; did you mean SIGHTLINE_SERVER_PORT?',
      'server.prot: no such option; did you mean port?',
      'server.host: expected at least 1 characters, but received ""',
      'cameras[0].fps: expected a number, but received "fast"',
      'cameras[0].detector.kind: expected one of auto, mediapipe, mtcnn, haar, but received "yolo"',
      'cameras[1].id: expected 1 to 64 of a-z',
      'cameras[1].tarnsport: no such option; did you mean transport?',
      'recogniton: no such option; did you mean recognition?',
    ]) {
      expect(message).toContain(part);
    }
  });

  it('never repeats a password', async () => {
    const failure = loadConfig({
      environment: {},
      commandLine: { server: { host: 5, port: 'rtsp://me:secret@cam' } },
    });
    await expect(failure).rejects.toThrow(/server\.port/);
    await expect(failure).rejects.not.toThrow(/secret/);
  });

  it('never repeats a token, or the text around a mistake in YAML', async () => {
    const secret = 'do-not-show';
    const entry = { name: 'hall', token: `${secret}-1234567890`, role: 'viewer' };
    const { server } = await loadConfig({ environment: {}, commandLine: { server: { tokens: [entry] } } });
    expect(server.tokens).toEqual([entry]);
    const mistakes = [
      { token: secret },
      { tokens: secret },
      { tokens: [secret] },
      { tokens: { hall: secret } },
      { tokens: [{ ...entry, token: secret, role: 'king' }] },
      { tokens: [entry, entry] },
    ];
    for (const options of mistakes) {
      const failure = loadConfig({ environment: {}, commandLine: { server: options } });
      await expect(failure).rejects.toThrow(/server\.token/);
      await expect(failure).rejects.not.toThrow(secret);
    }
    for (const environment of [
      { SIGHTLINE_SERVER_TOKENS: `[{name: x, token: ${secret}` },
      { SIGHTLINE_CAMERAS: `[url: a: ${secret}]` },
    ])
      await expect(loadConfig({ environment })).rejects.not.toThrow(secret);
    const file = await yamlFile(`server:\n  token: a: ${secret}\n`);
    const failure = loadConfig({ file, environment: {} });
    await expect(failure).rejects.toThrow(/line 2, column 10$/);
    await expect(failure).rejects.not.toThrow(secret);
  });

  it.each([
    [{ tokens: [{ name: 'owner', token: '1234567890123456', role: 'viewer' }] }, /a name other than owner/],
    [
      {
        tokens: ['1', '2'].map((end) => ({ name: 'twice', token: `123456789012345${end}`, role: 'admin' })),
      },
      /tokens\[1\]\.name: expected a name that no other entry has/,
    ],
    [{ corsOrigins: ['*'] }, /corsOrigins\[0\]: expected an origin/],
    [{ corsOrigins: ['https://portal.example/'] }, /corsOrigins\[0\]: expected an origin/],
    [{ corsOrigins: ['null'] }, /corsOrigins\[0\]: expected an origin/],
    [{ rateLimit: 0 }, /rateLimit: expected at least 1/],
  ])('refuses %j', async (server, message) => {
    await expect(loadConfig({ environment: {}, commandLine: { server } })).rejects.toThrow(message);
  });

  it.each([
    ['a missing file', '/nowhere/sightline.yaml'],
    ['a list', yamlFile('- 1\n- 2\n')],
    ['broken YAML', yamlFile('server: {port: 1\n')],
  ])('says so when the file is %s', async (_, file) => {
    await expect(loadConfig({ file: await file, environment: {} })).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
    });
  });

  it.each([
    ['nothing', {}, { enabled: true, threshold: null, falseNameRate: null }],
    ['true', { recognition: true }, { enabled: true, threshold: null, falseNameRate: null }],
    ['false', { recognition: false }, { enabled: false, threshold: null, falseNameRate: null }],
    [
      'a threshold',
      { recognition: { threshold: 0.8 } },
      { enabled: true, threshold: 0.8, falseNameRate: null },
    ],
    [
      'everything',
      { recognition: { enabled: false, threshold: 0.8, falseNameRate: 1e-4 } },
      { enabled: false, threshold: 0.8, falseNameRate: 1e-4 },
    ],
  ])('reads the recognition of a camera that states %s', async (_, stated, recognition) => {
    const camera = { url: 'test:', ...stated };
    const written = JSON.stringify([camera]);
    const ways = [
      { environment: {}, file: await yamlFile(`cameras: ${written}`) },
      { environment: { SIGHTLINE_CAMERAS: written } },
      { environment: {}, commandLine: { cameras: [camera] } },
    ];
    for (const way of ways) {
      const { cameras, statedCameras } = await loadConfig(way);
      expect([cameras[0]?.recognition, statedCameras[0]?.recognition]).toEqual([recognition, recognition]);
    }
  });

  it.each([
    [{ threshold: 3 }, 'cameras[0].recognition.threshold: expected at most 2, but received 3'],
    [
      { falseNameRate: 0 },
      'cameras[0].recognition.falseNameRate: expected at least 0.000001, but received 0',
    ],
    [{ treshold: 1 }, 'cameras[0].recognition.treshold: no such option; did you mean threshold?'],
    ['often', 'cameras[0].recognition: expected an object, but received "often"'],
  ])('says what is wrong with a recognition of %j', async (recognition, message) => {
    const cameras = [{ url: 'test:', recognition }];
    const failure = loadConfig({ environment: {}, commandLine: { cameras } });
    await expect(failure).rejects.toThrow(message);
  });

  it('refuses two cameras of one id', async () => {
    const failure = loadConfig({
      environment: {},
      commandLine: {
        cameras: [
          { id: 'a', url: 'x' },
          { id: 'a', url: 'y' },
        ],
      },
    });
    await expect(failure).rejects.toThrow(/cameras\[1\]\.id.*"a"/);
  });
});
