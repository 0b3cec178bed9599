import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Storage } from '../../src/core/storage.js';
import { openStorage } from '../../src/storage/open-storage.js';
import { event, recordUnknown, sighting, track } from '../integration/storage/made-up.js';
import { sightline, temporaryFolder, type Finished } from '../helpers/sightline.js';

let folder: ReturnType<typeof temporaryFolder>;
/** Open all the while, as it is while the program runs. */
let store: Storage;

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStorage({ data: folder.path });
  await recordUnknown(store, track('door/r/1', Date.now()));
  await recordUnknown(store, track('yard/r/1', Date.now(), 'yard'));
  await store.events.append([
    event(1, { time: Date.now() - 3_600_000, trackKey: 'door/r/1' }),
    event(2, { time: Date.now(), trackKey: 'yard/r/1', cameraId: 'yard' }),
    event(3, { time: Date.now(), type: 'sightline.camera.offline' }),
  ]);
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

function run(...args: string[]): Promise<Finished> {
  return sightline([...args, '--data', folder.path]);
}

async function printed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('people without a name', () => {
  it('are listed, named in one step, and their past events follow', async () => {
    const before = await store.revision('people');
    expect(await printed('unknown')).toMatch(/NUMBER +SEEN.*\n +1 +1 .*door\n +2 +1 .*yard\n/);
    expect(await printed('unknown', 'name', '1', 'Ana')).toBe('Unknown 1, seen once, is now Ana\n');
    expect(await printed('people')).toMatch(/NAME +PHOTOS.*\nAna +1 /);
    const ofAna = await printed('events', '--person', 'Ana', '--json');
    expect(JSON.parse(ofAna)).toMatchObject({ id: event(1).id, person: { name: 'Ana', number: 1 } });
    expect(await store.revision('people')).toBeGreaterThan(before);
    expect(await printed('unknown', 'dismiss', '2')).toBe('Unknown 2 is forgotten\n');
    expect(await store.tracks.unknownPeople()).toEqual([]);
  });

  it('are asked for by a number that exists', async () => {
    for (const number of ['7', '1.5', 'Ana', '99999999999999999999']) {
      const { code, stderr } = await run('unknown', 'name', number, 'Ana');
      expect([code, stderr]).toEqual([1, expect.stringContaining('UNKNOWN_PERSON_NOT_FOUND') as string]);
    }
    expect((await run('unknown', 'name', '1', '\u0007')).stderr).toContain('PERSON_NAME_INVALID');
  });
});

describe('people', () => {
  it('lose a photo that is not of them', async () => {
    await printed('unknown', 'name', '1', 'Ana');
    const before = await store.revision('people');
    const [photo = ''] = /^door .*Z/m.exec(await printed('people', 'photos', 'Ana')) ?? [];
    expect((await run('people', 'remove-photo', 'Ana', 'party.jpg')).stderr).toContain('PHOTO_NOT_FOUND');
    expect(await printed('people', 'remove-photo', 'Ana', photo)).toBe(`${photo} of Ana is erased\n`);
    expect(await printed('people')).toMatch(/^Ana +0 /m);
    expect(await store.revision('people')).toBeGreaterThan(before);
  });

  it('are compared, photos that are set aside are listed, and restored', async () => {
    await printed('unknown', 'name', '1', 'Ana');
    expect(await printed('people', 'check')).toMatch(
      /^0 photos of 0 people were compared \(\d+ more have no embedding of this embedder\), and nothing/,
    );
    const { id } = (await store.people.personNamed('Ana'))!;
    const [photo] = await store.people.faces(id);
    const why = { reason: 'poor', ownDistance: 1, otherDistance: null, otherId: null } as const;
    await store.people.setAside([{ faceId: photo!.id, ...why }]);
    expect(await printed('people', 'photos', 'Ana')).toMatch(/STATE\n.* set aside: poor/);
    await printed('people', 'restore-photo', 'Ana', photo!.photoName);
    expect(await store.people.face(photo!.id)).toMatchObject({ setAside: null, isConfirmed: true });
    expect(await printed('people', 'look-alikes')).toMatch(/^Nobody looks so much like/);
    expect((await run('people', 'look-alikes', '--revoke', 'Ana')).stderr).toContain('USAGE');
  });

  it('are renamed, merged and erased, and their photos listed', async () => {
    await printed('unknown', 'name', '1', 'Ana');
    await printed('unknown', 'name', '2', 'Ben');
    expect(await printed('people', 'photos', 'Ana')).toMatch(/PHOTO +QUALITY.*\ndoor .* 0\.50 /);
    expect((await run('people', 'rename', 'Ana', 'Ben')).stderr).toContain('PERSON_NAME_TAKEN');
    expect(await printed('people', 'rename', 'Ana', 'Zoë')).toBe('Ana is now called Zoë\n');
    expect(await printed('people', 'merge', 'Ben', 'Zoë')).toBe(
      'The photos and events of Ben now belong to Zoë\n',
    );
    expect(await printed('events', '--person', 'Zoë', '--json')).toContain('yard');
    const unasked = await run('people', 'erase', 'Zoë');
    expect([unasked.code, unasked.stderr]).toEqual([
      2,
      expect.stringContaining('CONFIRMATION_MISSING') as string,
    ]);
    expect(await printed('people')).toMatch(/^Zoë +2 /m);
    const erased = await printed('people', 'erase', 'Zoë', '--yes');
    expect(erased).toMatch(/^Zoë has 2 photos, which are erased:\n {2}door .*\n {2}yard .*\n/);
    expect(erased).toContain('taken out of 2 past events');
    expect(erased).toMatch(/Zoë is erased\n$/);
    expect(await printed('people')).toMatch(/^Nobody is enrolled yet.*sightline enroll/);
    for (const args of [
      ['erase', 'Zoë'],
      ['photos', 'Ana'],
      ['merge', 'Ana', 'Ben'],
    ])
      expect((await run('people', ...args)).stderr).toContain('PERSON_NOT_FOUND');
  });
});

describe('events', () => {
  it('are shown, the newest last, and picked by camera, type, time and number', async () => {
    const lines = (await printed('events')).trim().split('\n');
    expect(lines.map((line) => line.split(/\s+/).at(-1))).toEqual([
      'ID',
      ...[1, 2, 3].map((n) => event(n).id),
    ]);
    expect(lines[1]).toContain('Unknown 1');
    const ids = async (...args: string[]) =>
      (await printed('events', '--json', ...args))
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id);
    expect(await ids('--camera', 'yard')).toEqual([event(2).id]);
    expect(await ids('--type', 'sightline.camera.offline')).toEqual([event(3).id]);
    expect(await ids('--since', '30m')).toEqual([event(2).id, event(3).id]);
    expect(await ids('--limit', '1')).toEqual([event(3).id]);
  });

  it('refuses options that make no sense', async () => {
    for (const [args, said] of [
      [['--since', 'yesterday-ish'], 'USAGE'],
      [['--limit', '0'], 'USAGE'],
      [['--type', 'sightline.nothing'], 'Allowed choices'],
      [['--person', 'Nobody'], 'PERSON_NOT_FOUND'],
    ] as const)
      expect((await run('events', ...args)).stderr).toContain(said);
  });
});

describe('reject', () => {
  it('says that somebody is not who they were taken for', async () => {
    await printed('unknown', 'name', '1', 'Ana');
    const [ana] = await store.people.persons();
    await store.tracks.recordKnown(track('yard/r/9', Date.now(), 'yard'), ana!.id, [sighting(), sighting()]);
    await store.events.append([event(9, { trackKey: 'yard/r/9', personId: ana!.id })]);
    const said = 'That is not Ana; 2 crops will be remembered as somebody else\n';
    expect(await printed('reject', event(9).id)).toBe(said);
    expect((await store.events.get(event(9).id))!.person).toBeNull();
    expect((await run('reject', event(9).id)).stderr).toContain('EVENT_WITHOUT_PERSON');
    expect(await printed('reject', event(9).id, '--name', 'Ana')).toContain('no further crop');
    expect((await run('reject', event(3).id, '--name', 'Ana')).stderr).toContain('EVENT_WITHOUT_PERSON');
    expect((await run('reject', 'E0')).stderr).toContain('EVENT_NOT_FOUND');
  });
});
