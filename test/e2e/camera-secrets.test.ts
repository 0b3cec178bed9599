import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventStream } from '../helpers/event-stream.js';
import { GstreamerRtspServer } from '../helpers/gstreamer-rtsp.js';
import { HttpCamera } from '../helpers/http-camera.js';
import { RtspTestServer } from '../helpers/rtsp-server.js';
import { RunningSightline, temporaryFolder } from '../helpers/sightline.js';
import { VideoFolder } from '../helpers/video.js';

/** With everything that people do not escape; `Zq` marks each part, so that even a piece of it would be noticed. */
const password = 'Zq1@Zq2#Zq3 Zq4/Zq5?Zq6';
const anyPart = /Zq\d/;

/** The arguments of a process and of all that it started. */
function commandLines(pid: number): Map<number, string> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = readOrNothing(`/proc/${name}/stat`);
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isOfTree = (id: number): boolean => id === pid || (id > 1 && isOfTree(parents.get(id) ?? 0));
  const tree = [...parents.keys()].filter(isOfTree);
  return new Map(tree.map((id) => [id, readOrNothing(`/proc/${id}/cmdline`).replaceAll('\0', ' ').trim()]));
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

describe('passwords of cameras', { tags: ['linux', 'gstreamer'] }, () => {
  const folder = temporaryFolder();
  const videos = new VideoFolder();
  const closers: (() => unknown)[] = [];
  let program: RunningSightline;
  let url: string;
  let events: EventStream;
  let cameras: readonly string[];

  beforeAll(async () => {
    const file = await videos.clip({ seconds: 60, fps: 5 });
    const user = 'admin';
    const opened = [
      await RtspTestServer.open({ file, credentials: { user, password } }),
      await GstreamerRtspServer.open(file, { kind: 'digest', user, password }),
      await GstreamerRtspServer.open(file, { kind: 'basic', user, password }),
      ...(await Promise.all(
        (['basic', 'digest', 'query'] as const).map((kind) => HttpCamera.open({ kind, user, password })),
      )),
    ];
    closers.push(...opened.map((camera) => () => camera.close()));
    cameras = [
      ...opened.map((camera) => camera.url),
      // Nobody is there, and its password stands in the path.
      'rtsp://127.0.0.1:9/admin:Zq7/ch1',
      // The name server must not hear of Zq2 either.
      'rtsp://admin:Zq1@Zq2#Zq3@127.0.0.1:9/x',
    ];
    const [first = '', ...others] = cameras;
    const config = join(folder.path, 'config.yaml');
    // One camera on the command line of Sightline itself, the others in a file and over the API.
    writeFileSync(config, JSON.stringify({ api: { cameraSources: { networks: ['127.0.0.0/8'] } } }));
    program = new RunningSightline([
      'run',
      first,
      '--config',
      config,
      '--port',
      '0',
      '--data',
      join(folder.path, 'data'),
    ]);
    url = await program.serving();
    events = await EventStream.open(url);
    for (const [i, source] of others.entries())
      await expect(added({ id: `more${i + 1}`, url: source, recognition: { enabled: false } })).resolves.toBe(
        201,
      );
  });

  /** Asks until the program is ready, and gives the status. */
  async function added(camera: object): Promise<number> {
    for (;;) {
      const response = await fetch(`${url}/v1/cameras`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(camera),
      });
      if (response.status !== 503) return response.status;
    }
  }

  afterAll(async () => {
    events?.close();
    await program?.stop();
    for (const close of closers) await close();
    videos.remove();
    folder.remove();
  });

  it('show in no argument of any process while all cameras play', async () => {
    for (const id of ['cam1', 'more1', 'more2', 'more3', 'more4', 'more5']) {
      await events.until(
        ({ type, source }) => type === 'sightline.camera.online' && source === `/cameras/${id}`,
      );
      const lines = [...commandLines(program.process.pid ?? 0).values()];
      expect(lines.filter((line) => line.includes('ffmpeg')).length).toBeGreaterThan(0);
      expect(lines[0]).toContain('127.0.0.1');
      expect(lines.join('\n')).not.toMatch(anyPart);
    }
  });

  it('show in no answer, event or line of the log', async () => {
    for (const id of ['more6', 'more7'])
      await events.until(
        ({ type, source }) => type === 'sightline.camera.offline' && source === `/cameras/${id}`,
      );
    const answers = await Promise.all(
      [
        '/v1/cameras',
        '/v1/events?limit=1000',
        ...['cam1', 'more1', 'more6', 'more7'].map((id) => `/v1/cameras/${id}`),
      ].map(async (path) => (await fetch(url + path)).text()),
    );
    expect(answers.join('\n')).toContain('rtsp://127.0.0.1:9/***/ch1');
    expect(answers.join('\n')).not.toMatch(anyPart);
    expect(JSON.stringify(events.events)).not.toMatch(anyPart);
    expect(program.stdout + program.stderr).not.toMatch(anyPart);
  });
});
