import { execFileSync } from 'node:child_process';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { arcFaceTemplate } from '../../../src/core/similarity.js';
import { applicationId, migrations } from '../../../src/storage/sqlite/schema.js';
import { galleryFile, model } from './made-up.js';

const file = galleryFile();

/** A gallery as the first version made it, with Ana, who has two photos, and Ben, who has none. */
function makeFirstVersion(path: string): void {
  const database = new Database(path);
  database.exec(migrations[0]!);
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = 1; PRAGMA foreign_keys = ON;
    INSERT INTO persons VALUES ('a', 'Ana', 11), ('b', 'Ben', 12);
    INSERT INTO faces VALUES (4, 'f', 'a', 'first.jpg', 'h1', .5, 21), (7, 'g', 'a', 'second.jpg', 'h2', .75, 22);
    INSERT INTO embeddings VALUES (4, 'test-net', '1', x'0000803f00000040'), (7, 'test-net', '1', x'0000004000000000');
    INSERT INTO chips VALUES (4, x'89504e01'), (7, x'89504e02');`);
  database.close();
}

describe('a gallery of the first version', () => {
  it('keeps people, photos and embeddings, and its chips become crops', async () => {
    makeFirstVersion(file.path);
    const store = await file.open();
    expect(await store.people.persons()).toEqual([
      { id: 'a', name: 'Ana', faces: 2, setAside: 0, createdAt: 11 },
      { id: 'b', name: 'Ben', faces: 0, setAside: 0, createdAt: 12 },
    ]);
    expect((await store.people.faces('a')).map(({ photoName }) => photoName)).toEqual([
      'first.jpg',
      'second.jpg',
    ]);
    const entries = [];
    for await (const portion of store.people.entries(model)) entries.push(...portion);
    const person = { id: 'a', name: 'Ana' };
    expect(entries).toEqual([
      { faceId: 'f', person, role: 'example', vector: Float32Array.of(1, 2) },
      { faceId: 'g', person, role: 'example', vector: Float32Array.of(2, 0) },
    ]);
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 2);
    expect(await store.embeddings.crop('g')).toEqual({ png, landmarks: arcFaceTemplate });
  });

  it('has all that the newest version has', async () => {
    makeFirstVersion(file.path);
    await (await file.open()).close();
    const database = new Database(file.path);
    const schemaOf = (from: Database.Database) =>
      from
        .prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
        .all() as { name: string; sql: string }[];
    const migrated = schemaOf(database);
    expect(database.pragma('foreign_key_check')).toEqual([]);
    expect(database.pragma('user_version', { simple: false })).toEqual([{ user_version: migrations.length }]);
    database.close();
    const names = migrated.map(({ name }) => name);
    for (const table of [
      'persons',
      'faces',
      'embeddings',
      'crops',
      'tracks',
      'events',
      'counters',
      'snapshots',
      'cursors',
      'cameras',
      'settings',
      'heads',
      'tokens',
      'look_alikes',
    ])
      expect(names).toContain(table);
    // Nothing refers to a table that was made anew by another name than the one it has now.
    expect(migrated.filter(({ sql }) => /new_persons|new_faces|new_events|chips/.test(sql ?? ''))).toEqual(
      [],
    );
  });

  it('still loses photos and crops with their person', async () => {
    makeFirstVersion(file.path);
    const store = await file.open();
    await store.people.removePerson('a');
    expect(await store.embeddings.crop('f')).toBeUndefined();
    expect(await store.embeddings.countWithout({ id: 'other', version: '1' })).toBe(0);
  });

  it('is as it was when the process is killed before the migration is complete', async () => {
    makeFirstVersion(file.path);
    const statements = [migrations[1]!, 'PRAGMA user_version = 2'].join(';');
    const script = `
      const db = new (require('libsql'))(${JSON.stringify(file.path)});
      db.exec('PRAGMA foreign_keys = OFF; PRAGMA cache_size = 1; BEGIN IMMEDIATE');
      db.exec(${JSON.stringify(statements)});
      process.kill(process.pid, 'SIGKILL');`;
    expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' })).toThrow();
    expect(await (await file.open()).people.persons()).toMatchObject([
      { name: 'Ana', faces: 2 },
      { name: 'Ben', faces: 0 },
    ]);
  });
});

describe('events of a version that had no positions', () => {
  it('get positions in the order of their ids, and stay with their people', async () => {
    const database = new Database(file.path);
    for (const migration of migrations.slice(0, 3)) database.exec(migration);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = 3;
      INSERT INTO persons (id, name, created_at) VALUES ('a', 'Ana', 11);
      INSERT INTO events VALUES ('E2', 20, 't', 'door', NULL, 'a', '{"n":2}'), ('E1', 30, 't', 'yard', 'k', NULL, '{"n":1}');`);
    database.close();
    const store = await file.open();
    const person = { id: 'a', name: 'Ana', number: null };
    const [first, second] = await store.events.after(0, 10);
    expect(first).toEqual({
      ...{ position: 1, id: 'E1', time: 30, type: 't', cameraId: 'yard', trackKey: 'k', person: null },
      data: { n: 1 },
    });
    expect(second).toMatchObject({ position: 2, id: 'E2', cameraId: 'door', person, data: { n: 2 } });
    await store.people.removePerson('a');
    expect((await store.events.get('E2'))?.person).toBeNull();
  });
});
