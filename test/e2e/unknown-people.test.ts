import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaceEventData, SightlineEvent } from '../../src/events/identity-event.js';
import { defaultCacheDir, ModelStore } from '../../src/models/model-store.js';
import { EventStream } from '../helpers/event-stream.js';
import { RunningSightline, startSightline, temporaryFolder } from '../helpers/sightline.js';

const models = new ModelStore({ cacheDir: defaultCacheDir() });
let data: ReturnType<typeof temporaryFolder>;
let program: RunningSightline | undefined;
let events: EventStream;

beforeAll(() => {
  data = temporaryFolder();
});

afterAll(async () => {
  await stop();
  data.remove();
});

async function start(...options: string[]): Promise<void> {
  const video = await models.ensure('demo-cap12');
  const startedAt = new Date();
  program = new RunningSightline(['run', video, '--loop', '--port', '0', '--data', data.path, ...options]);
  events = await EventStream.open(await program.serving(), startedAt);
}

async function stop(): Promise<void> {
  events?.close();
  await program?.stop();
  program = undefined;
}

/** In a process of its own, as beside a running program. */
const command = (...args: string[]) => startSightline([...args, '--data', data.path]);
const next = (type: string): Promise<SightlineEvent> =>
  events.until((event) => event.type === `sightline.identity.${type}`);

/** One after the other: each test goes on where the last one ended. */
describe('somebody whom nobody has enrolled', () => {
  it('gets a number, and the same one after a restart', async () => {
    await start();
    expect((await next('unknown')).data).toMatchObject({ identity: null, unknown: { number: 1, seen: 1 } });
    await stop();
    await start();
    expect((await next('unknown')).data).toMatchObject({ identity: null, unknown: { number: 1, seen: 2 } });
    const { stdout } = await command('unknown', 'list');
    expect(stdout).toMatch(/^ *1 +2 /m);
  });

  it('is known as soon as somebody gives a name, and past events carry it', async () => {
    expect((await command('unknown', 'name', '1', 'Zoë')).code).toBe(0);
    const { data: face } = await next('recognized');
    expect(face).toMatchObject({ identity: { name: 'Zoë' } });
    const { stdout } = await command(
      'events',
      '--person',
      'Zoë',
      '--type',
      'sightline.identity.unknown',
      '--json',
    );
    const past = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { person: { name: string } });
    expect(past.map(({ person }) => person.name)).toEqual(['Zoë', 'Zoë']);
  });
});

describe('a stranger who is given a name', () => {
  let options: string[];

  beforeAll(async () => {
    await stop();
    await command('enroll', await models.ensure('demo-franck-01829'), '--name', 'Franck');
    await command('people', 'erase', 'Zoë', '--yes');
    // Whoever comes is near enough to be taken for Franck.
    const config = join(data.path, 'config.yaml');
    writeFileSync(config, 'recognition: { threshold: 1.9 }');
    options = ['-c', config];
    await start(...options);
  });

  it('loses it at once when somebody says that it is wrong', async () => {
    const { id, data: named } = await next('recognized');
    expect(named).toMatchObject({ identity: { name: 'Franck' } });
    expect((await command('reject', id)).code).toBe(0);
    const { data: face } = await next('changed');
    expect(face).toMatchObject({ identity: null, previous: { name: 'Franck' } });
    expect((face as FaceEventData).track.key).toBe((named as FaceEventData).track.key);
    const { why } = (await next('unknown')).data as FaceEventData;
    expect(why.nearest).toMatchObject([{ name: 'Franck', rejected: true }]);
  });

  it('does not get it again after a restart', async () => {
    await stop();
    await start(...options);
    expect((await next('unknown')).data).toMatchObject({ identity: null });
    expect(events.events.some(({ type }) => type === 'sightline.identity.recognized')).toBe(false);
  });
});
