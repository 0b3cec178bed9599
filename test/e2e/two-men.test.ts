import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaceEventData } from '../../src/events/identity-event.js';
import { findFfmpeg } from '../../src/ingest/ffmpeg-binary.js';
import { EventStream } from '../helpers/event-stream.js';
import { sharedData } from '../helpers/prerequisites.js';
import { RunningSightline, sightline, temporaryFolder } from '../helpers/sightline.js';

const photos = join(sharedData, 'identity');
const clip = join(sharedData, 'video', 'two-men-360p.mp4');
const people: readonly (readonly [file: string, name: string])[] = [
  ['lin-manuel-miranda.png', 'Lin-Manuel Miranda'],
  ['alex-lacamoire.png', 'Alex Lacamoire'],
  ['biden.jpg', 'Joe Biden'],
  ['obama.jpg', 'Barack Obama'],
  ['obama2.jpg', 'Barack Obama'],
];

interface FrameFaces {
  readonly image: string;
  readonly faces: readonly { readonly name: string | null; readonly box: { x: number; y: number } }[];
}

describe('a clip of two men', { tags: ['films', 'identity'] }, () => {
  const folder = temporaryFolder();
  const data = join(folder.path, 'data');

  beforeAll(async () => {
    for (const [file, name] of people) {
      const { code } = await sightline(['enroll', join(photos, file), '--name', name, '--data', data]);
      expect(code).toBe(0);
    }
  });

  afterAll(() => folder.remove());

  // One man is on it for .6 s, 24 pixels wide: too little to name anybody by, at the default setting.
  it.each(['mediapipe', 'mtcnn'])(
    'live: names the one who is well in view, and nobody falsely, with %s',
    async (detector) => {
      const startedAt = new Date();
      const program = new RunningSightline([
        'run',
        clip,
        '--port',
        '0',
        '--data',
        data,
        '--detector',
        detector,
      ]);
      const events = await EventStream.open(await program.serving(), startedAt);
      await events.until(({ type }) => type === 'sightline.camera.offline');
      events.close();
      await program.stop();
      const types = events.events.map(({ type }) => type);
      const names = events.events.flatMap(
        ({ data }) => (data as Partial<FaceEventData>).identity?.name ?? [],
      );
      expect(new Set(names)).toEqual(new Set(['Lin-Manuel Miranda']));
      // Scenes follow each other: nobody inherits the name of who stood there before.
      expect(types).not.toContain('sightline.identity.changed');
    },
  );

  it('picture by picture, with a threshold chosen for so few people: names both, and nobody falsely', async () => {
    const config = join(folder.path, 'config.yaml');
    writeFileSync(config, 'recognition: { threshold: 1.178 }');
    const frames = await framesOf(clip);
    const { stdout } = await sightline(['identify', ...frames, '--data', data, '--json', '-c', config]);
    const named = (JSON.parse(stdout) as FrameFaces[]).flatMap(({ image, faces }) =>
      faces.flatMap(({ name, box }) => (name === null ? [] : [{ name, box, second: secondOf(image) }])),
    );
    // At the piano, on the left of the first scene.
    const pianist = named.filter(({ box, second }) => second < 1.5 && box.x < 160);
    expect(new Set(pianist.map(({ name }) => name))).toEqual(new Set(['Alex Lacamoire']));
    // In the audience of the last scene sits, third from the left, the president.
    const audience = named.filter(({ second }) => second > 8);
    for (const { name, box } of audience) {
      expect(name).toBe('Barack Obama');
      expect(Math.abs(box.x - 317)).toBeLessThan(10);
    }
    const others = named.filter((face) => !pianist.includes(face) && !audience.includes(face));
    expect(new Set(others.map(({ name }) => name))).toEqual(new Set(['Lin-Manuel Miranda']));
    expect(others.length).toBeGreaterThan(25);
  });

  /** A picture for each seventh of a second; its name says which. */
  async function framesOf(video: string): Promise<string[]> {
    const target = join(folder.path, 'frames');
    await mkdir(target);
    const { path } = await findFfmpeg();
    await promisify(execFile)(path, ['-loglevel', 'error', '-i', video, '-r', '7', join(target, '%04d.png')]);
    return readdirSync(target)
      .sort()
      .map((name) => join(target, name));
  }
});

function secondOf(image: string): number {
  return (Number(/(\d+)\.png$/.exec(image)?.[1]) - 1) / 7;
}
