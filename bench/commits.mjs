// What one commit costs by how much it survives: `record` (the end of the program) and `write` (a power cut, too), in turn
// on one database. Prints JSON. `node bench/commits.mjs [COMMITS [FOLDER]]`, with a folder on the disk that is meant.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteConnection } from '../dist/src/storage/sqlite/connection.js';
import { insertFace } from '../dist/src/storage/sqlite/face-rows.js';
import { insertPerson } from '../dist/src/storage/sqlite/person-rows.js';
import { machine, print } from './statistics.mjs';

const commits = Number(process.argv[2] ?? 400);
const folder = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'sightline-bench-commits-'));
try {
  print({ machine: machine(), date: new Date().toISOString(), commits, microseconds: await measure() });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure() {
  const db = new SqliteConnection(join(folder, 'gallery.db'));
  const person = await db.write(() => insertPerson(db, 'Ana'));
  const kinds = { event: insertEvent, photo: insertPhoto };
  const samples = {};
  for (let number = 0; number < commits; number++)
    for (const [kind, insert] of Object.entries(kinds))
      for (const durability of ['record', 'write'])
        ((samples[kind] ??= {})[durability] ??= []).push(
          await timed(() => db[durability](() => insert(db, person.id, `${durability} ${number}`))),
        );
  await db.close();
  return Object.fromEntries(
    Object.entries(samples).map(([kind, both]) => [
      kind,
      Object.fromEntries(Object.entries(both).map(([durability, times]) => [durability, figures(times)])),
    ]),
  );
}

function insertEvent(db, _personId, id) {
  db.touch('events');
  const data = JSON.stringify({ text: 'x'.repeat(1500) });
  const statement = 'INSERT INTO events (id, time, type, camera_id, data) VALUES (?, ?, ?, ?, ?)';
  db.run(statement, id, Date.now(), 'bench', 'door', data);
}

function insertPhoto(db, personId, photoHash) {
  const embedding = { model: { id: 'bench', version: '1' }, vector: new Float32Array(128).fill(0.1) };
  const crop = { png: randomBytes(30_000), landmarks: [1, 2, 3, 4, 5].map((x) => ({ x, y: x })) };
  const face = { photoName: photoHash, photoHash, quality: 0.5, embedding, crop };
  insertFace(db, { personId, role: 'example', trackKey: null }, face);
  db.touch('people');
}

async function timed(work) {
  const [before, started] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpu: user + system, wall: 1000 * (performance.now() - started) };
}

function figures(times) {
  const wall = times.map((time) => time.wall).sort((a, b) => a - b);
  const cpu = times.reduce((sum, time) => sum + time.cpu, 0) / times.length;
  const at = (share) => Math.round(wall[Math.floor(share * (wall.length - 1))]);
  return { cpuMean: Math.round(cpu), wallP50: at(0.5), wallP99: at(0.99) };
}
