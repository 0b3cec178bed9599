import { describe, expect, it } from 'vitest';
import {
  cameraOffline,
  cameraOnline,
  identityChanged,
  identityRecognized,
  identityUnknown,
  trackEnded,
  trackStarted,
} from '../../../src/events/build-event.js';
import type { Identity, Person } from '../../../src/core/face.js';
import type { EventDraft, SightlineEvent } from '../../../src/events/identity-event.js';
import { eventSchema } from '../../../src/server/v1/event-schema.js';
import { FakeCamera } from '../../helpers/fake-camera.js';
import {
  audrey,
  evidence,
  franck,
  known,
  reportOf,
  stranger,
  undecided,
} from '../../unit/events/track-report.js';
import { Client, startServer } from './start-server.js';

const door = { id: 'door', name: 'Front door' };
const yard = { id: 'yard', name: 'Yard' };
const twoCameras = () => [new FakeCamera(door), new FakeCamera(yard)];

function recognised(): EventDraft {
  return identityRecognized(reportOf(known(franck)));
}

describe('/ws/events', () => {
  it('sends each event as one text message', async () => {
    const { url, publish } = await startServer();
    await publish(cameraOnline(door));
    const client = await Client.open(url, '/ws/events');
    const event = await publish(recognised());
    await client.received(1);
    expect(client.messages[0]?.isBinary).toBe(false);
    expect(client.texts.map((text) => JSON.parse(text) as unknown)).toEqual([event]);
  });

  it('filters by camera and by type', async () => {
    const { url, publish } = await startServer({ cameras: twoCameras() });
    const ofYard = await Client.open(url, '/ws/events?camera=yard');
    const ofNames = await Client.open(
      url,
      '/ws/events?type=sightline.identity.recognized&type=sightline.identity.changed',
    );
    const everything = await Client.open(url, '/ws/events?camera=yard&camera=door');
    const drafts = [cameraOnline(door), recognised(), cameraOffline(yard, null)];
    const events = await Promise.all(drafts.map(publish));
    await everything.received(3);
    await Promise.all([ofYard.received(1), ofNames.received(1)]);
    expect(ofYard.texts).toEqual([JSON.stringify(events[2])]);
    expect(ofNames.texts).toEqual([JSON.stringify(events[1])]);
  });

  it('replays what was missed since an event, through the filter, then goes on', async () => {
    const { url, publish } = await startServer({ cameras: twoCameras() });
    const seen = await publish(cameraOnline(door));
    const missed = await publish(recognised());
    await publish(cameraOnline(yard));
    const client = await Client.open(url, `/ws/events?since=${seen.id}&camera=door`);
    const live = await publish(cameraOffline(door, null));
    await client.received(2);
    expect(client.texts).toEqual([missed, live].map((event) => JSON.stringify(event)));
  });

  it('closes a client that does not read with 1013, and disturbs nobody else', async () => {
    const { url, publish } = await startServer({ limits: { eventBudgetBytes: 64 * 1024 } });
    const stuck = await Client.open(url, '/ws/events');
    stuck.socket.pause();
    const reader = await Client.open(url, '/ws/events');
    const huge = cameraOffline(door, { code: 'SOURCE_FAILED', message: 'x'.repeat(100_000) });
    const count = 200;
    for (let sent = 1; sent <= count; sent += 1) {
      await publish(huge);
      await reader.received(sent);
    }
    stuck.socket.resume();
    expect(await stuck.closed).toBe(1013);
    expect(stuck.messages.length).toBeLessThan(count);
    expect(reader.socket.readyState).toBe(reader.socket.OPEN);
  });

  it('does not blame a client for a long replay', async () => {
    const huge = cameraOffline(door, { code: 'SOURCE_FAILED', message: 'x'.repeat(100_000) });
    const { url, publish } = await startServer({ limits: { eventBudgetBytes: 1024 } });
    await Promise.all(Array.from({ length: 100 }, () => publish(huge)));
    const client = await Client.open(url, '/ws/events?since=00000000000000000000000000');
    const live = await publish(cameraOnline(door));
    await client.received(101);
    expect(client.texts.at(-1)).toBe(JSON.stringify(live));
  });
});

interface Page {
  readonly events: (SightlineEvent & { person: unknown })[];
  readonly next: string | null;
  readonly newest: string;
}

describe('GET /v1/events', () => {
  const idsOf = ({ events }: Page) => events.map(({ id }) => id);
  const reader = (url: string) => async (query: string) => {
    const response = await fetch(`${url}/v1/events${query}`);
    const body = (await response.json()) as Page;
    expect(response.status, JSON.stringify(body)).toBe(200);
    return body;
  };

  it('gives events of the past, newest first unless told otherwise, by the same filters', async () => {
    const { url, publish } = await startServer({ cameras: twoCameras() });
    const drafts = [cameraOnline(door), trackStarted(reportOf(undecided)), recognised(), cameraOnline(yard)];
    const published = await Promise.all(drafts.map(publish));
    const [online, started, named, ofYard] = published.map(({ id }) => id);
    const read = reader(url);
    const ids = async (query: string) => idsOf(await read(query));
    expect(await ids('')).toEqual([ofYard, named, started, online]);
    expect(await ids('?order=oldest&limit=2')).toEqual([online, started]);
    expect(await ids('?limit=1&camera=door')).toEqual([named]);
    expect(await ids('?camera=door&camera=yard&type=sightline.camera.online')).toEqual([ofYard, online]);
    expect(await ids(`?since=${online}&camera=door`)).toEqual([named, started]);
    expect(await ids(`?person=${franck.id}`)).toEqual([named]);
    expect(await ids('?camera=gone')).toEqual([]);
    expect(await ids('?since=2000-01-01T00:00:00Z&limit=1')).toEqual([ofYard]);
    expect(await ids(`?since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
    const { events, newest } = await read('?type=sightline.identity.recognized&type=sightline.track.ended');
    expect(events).toEqual([{ ...published[2], person: { ...franck, number: null } }]);
    expect(newest).toBe(ofYard);
  });

  it('gives events of a time, from one moment to before another', async () => {
    let now = Date.parse('2026-11-22T09:00:00Z');
    const { url, publish } = await startServer({ now: () => (now += 60_000) });
    const published = await Promise.all([1, 2, 3, 4].map(() => publish(cameraOnline(door))));
    const { events } = await reader(url)(
      '?from=2026-11-22T09:02:00Z&until=2026-11-22T10:04:00.000%2B01:00&order=oldest',
    );
    expect(events.map(({ id }) => id)).toEqual(published.slice(1, 3).map(({ id }) => id));
  });

  it.each(['newest', 'oldest'])('goes through all pages, %s first, while events come in', async (order) => {
    const { url, publish } = await startServer();
    const ids = (count: number) =>
      Promise.all(Array.from({ length: count }, async () => (await publish(cameraOnline(door))).id));
    const before = await ids(25);
    const read = reader(url);
    const found: string[] = [];
    let newest = '';
    let later: string[] = [];
    for (let next: string | null = ''; next !== null;) {
      const page: Page = await read(`?order=${order}&limit=10${next && `&cursor=${next}`}`);
      newest ||= page.newest;
      found.push(...idsOf(page));
      next = page.next;
      if (later.length === 0) later = await ids(3);
    }
    expect(found).toEqual(order === 'newest' ? [...before].reverse() : [...before, ...later]);
    expect(newest).toBe(before.at(-1));
  });

  it('refuses a cursor of the other order', async () => {
    const { url, publish } = await startServer();
    for (let i = 0; i < 3; i += 1) await publish(cameraOnline(door));
    const { next } = await reader(url)('?limit=1');
    const response = await fetch(`${url}/v1/events?order=oldest&cursor=${next}`);
    expect(response.status).toBe(400);
  });

  it('tells where the live events go on: a page and what follows are everything, and nothing twice', async () => {
    const { url, publish } = await startServer();
    const published: string[] = [];
    let isOver = false;
    const publishing = (async () => {
      while (!isOver) {
        published.push((await publish(cameraOnline(door))).id);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    for (let round = 0; round < 10; round += 1) {
      const page = await reader(url)('?limit=1000');
      const client = await Client.open(url, `/ws/events?since=${page.newest}`);
      await client.received(5);
      client.socket.terminate();
      const live = client.texts.map((text) => (JSON.parse(text) as SightlineEvent).id);
      const seen = [...idsOf(page).reverse(), ...live];
      expect(seen).toEqual(published.slice(0, seen.length));
    }
    isOver = true;
    await publishing;
  });

  it('gives one event, and says when there is none', async () => {
    const { url, publish } = await startServer();
    const { id } = await publish(recognised());
    const response = await fetch(`${url}/v1/events/${id}`);
    expect(await response.json()).toMatchObject({ id, person: { name: 'Franck' }, data: { quality: 0.71 } });
    expect((await fetch(`${url}/v1/events/${id}/snapshot.jpg`)).status).toBe(404);
  });

  it('gives events as its document describes them, whatever becomes of people', async () => {
    const { url, publish, store } = await startServer();
    const drafts = [
      cameraOnline(door),
      cameraOffline(yard, { code: 'SOURCE_STALLED', message: 'Nothing came.' }),
      trackStarted(reportOf(undecided)),
      trackEnded(reportOf(known(franck))),
      recognised(),
      identityUnknown(reportOf(stranger)),
      identityChanged(reportOf(known(franck)), known(audrey)),
      identityChanged(reportOf(stranger), known(audrey)),
      identityRecognized(reportOf(withLookAlike(franck, audrey))),
    ];
    const published = await Promise.all(drafts.map(publish));
    const read = reader(url);
    for (const person of [undefined, audrey, franck]) {
      if (person) await store.people.removePerson(person.id);
      const { events } = await read('?order=oldest');
      expect(events).toHaveLength(published.length);
      // Nothing that is not described, and nothing left out.
      for (const event of events) expect(eventSchema.parse(event)).toEqual(event);
      if (!person) expect(events.map(withoutPerson)).toEqual(published);
    }
  });
});

/** Somebody who was named although another person looks like them. */
function withLookAlike(person: Person, other: Person): Identity {
  const [first, ...more] = evidence.nearest;
  const nearest = [{ ...first!, lookAlike: { person: other, threshold: 0.9 } }, ...more];
  return { state: 'known', person, evidence: { ...evidence, nearest } };
}

/** An event as it was published. */
function withoutPerson(event: Page['events'][number]): unknown {
  return Object.fromEntries(Object.entries(event).filter(([key]) => key !== 'person'));
}
