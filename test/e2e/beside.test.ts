import { join } from 'node:path';
import { setTimeout as delayed } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStorage } from '../../src/storage/open-storage.js';
import { madeUpHead } from '../integration/storage/made-up-heads.js';
import { event, face, recordUnknown, track } from '../integration/storage/made-up.js';
import { RunningSightline, sightline, startSightline, temporaryFolder } from '../helpers/sightline.js';

const people = 6;
const folder = temporaryFolder();
const data = join(folder.path, 'data');
let program: RunningSightline;
let url: string;

async function ask<T>(path: string, method = 'GET', body?: object): Promise<T> {
  const sent = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(url + path, { method, ...sent });
  expect(answer.ok, `${method} ${path}`).toBe(true);
  return (answer.status === 204 ? null : await answer.json()) as T;
}

async function command(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await sightline([...args, '--data', data]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function start(): Promise<void> {
  program = new RunningSightline(['run', '--port', '0', '--data', data]);
  url = await program.serving();
  while (!(await fetch(`${url}/readyz`)).ok) await delayed(50);
}

const names = async (): Promise<string[]> =>
  (await ask<{ people: { name: string }[] }>('/v1/people')).people.map(({ name }) => name);
const cameras = async (): Promise<string[]> =>
  (await ask<{ cameras: { id: string }[] }>('/v1/cameras')).cameras.map(({ id }) => id).sort();

beforeAll(async () => {
  const store = await openStorage({ data });
  for (let number = 0; number < people; number++) await store.people.addFace(`P${number}`, face(number));
  for (let number = 0; number < 3; number++)
    await recordUnknown(store, track(`door/r/${number}`, Date.now()));
  await store.events.append([event(1, { trackKey: 'door/r/0', time: Date.now() })]);
  const { head, network } = madeUpHead('siamese');
  await store.heads.save(head, network);
  await store.close();
  await start();
});
afterAll(async () => {
  await program.stop();
  folder.remove();
});

/** The commands run in the process of this test, the program in another. */
describe('a running program and commands beside it', () => {
  it('lose nothing that either was told is done', async () => {
    const overApi = async (): Promise<void> => {
      for (let number = 0; number < people; number++) {
        const id = `cam${number}`;
        await ask('/v1/cameras', 'POST', { id, url: 'rtsp://192.0.2.1/' });
        await ask('/v1/settings', 'PATCH', { recognition: { threshold: 0.5 + number / 100 } });
        await ask('/v1/people', 'POST', { name: `Over API ${number}` });
        if (number % 3 === 0) await ask(`/v1/cameras/${id}`, 'DELETE');
      }
    };
    const byCommand = async (): Promise<void> => {
      for (let number = 0; number < people; number++) {
        if (number % 3 === 0) await command('people', 'erase', `P${number}`, '--yes');
        else await command('people', 'rename', `P${number}`, `By command ${number}`);
      }
      await command('unknown', 'name', '1', 'Zoë');
      await command('unknown', 'dismiss', '2');
      await command('heads', 'off', 'siamese');
    };
    await Promise.all([overApi(), byCommand()]);
    await expectEverything();
  });

  it('is not run twice', async () => {
    const { code, stderr } = await startSightline(['run', '--port', '0', '--data', data]);
    expect(code).toBe(1);
    expect(stderr).toContain('DATA_IN_USE');
  });

  it('have all of it after the program was killed', async () => {
    program.process.kill('SIGKILL');
    await program.finished;
    await start();
    await expectEverything();
  });
});

/** As the program has it, and as a command has it. */
async function expectEverything(): Promise<void> {
  const numbers = Array.from({ length: people }, (_, number) => number);
  const kept = numbers.filter((number) => number % 3 !== 0);
  const expected = [
    ...numbers.map((number) => `Over API ${number}`),
    ...kept.map((number) => `By command ${number}`),
    'Zoë',
  ].sort();
  expect((await names()).sort()).toEqual(expected);
  const listed = await command('people');
  for (const name of expected) expect(listed).toContain(`\n${name} `);
  expect(await cameras()).toEqual(kept.map((number) => `cam${number}`).sort());
  expect(await ask('/v1/settings')).toMatchObject({ recognition: { threshold: 0.5 + (people - 1) / 100 } });
  const { unknown } = await ask<{ unknown: { number: number }[] }>('/v1/unknown-people');
  expect(unknown.map(({ number }) => number)).toEqual([3]);
  expect(await command('events', '--person', 'Zoë', '--json')).toContain(event(1).id);
  expect(await command('heads')).toMatch(/siamese +off/);
}
