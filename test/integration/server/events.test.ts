import { describe, expect, it } from 'vitest';
import {
  cameraOffline,
  cameraOnline,
  identityDecided,
  trackStarted,
} from '../../../src/events/build-event.js';
import { EventBus } from '../../../src/events/event-bus.js';
import type { EventDraft, SightlineEvent } from '../../../src/events/identity-event.js';
import { FakeCamera } from '../../helpers/fake-camera.js';
import { franck, known, sightingOf, undecided } from '../../unit/events/sighting.js';
import { Client, startServer } from './start-server.js';

const door = { id: 'door', name: 'Front door' };
const yard = { id: 'yard', name: 'Yard' };
const twoCameras = () => [new FakeCamera(door), new FakeCamera(yard)];

function recognised(): EventDraft {
  const draft = identityDecided(sightingOf(known(franck)), undecided);
  if (draft === null) throw new Error('expected an event');
  return draft;
}

describe('/ws/events', () => {
  it('sends each event as one text message', async () => {
    const { url, bus } = await startServer();
    bus.publish(cameraOnline(door));
    const client = await Client.open(url, '/ws/events');
    const event = bus.publish(recognised());
    await client.received(1);
    expect(client.messages[0]?.isBinary).toBe(false);
    expect(client.texts.map((text) => JSON.parse(text) as unknown)).toEqual([event]);
  });

  it('filters by camera and by type', async () => {
    const { url, bus } = await startServer({ cameras: twoCameras() });
    const ofYard = await Client.open(url, '/ws/events?camera=yard');
    const ofNames = await Client.open(
      url,
      '/ws/events?type=sightline.identity.recognized&type=sightline.identity.changed',
    );
    const everything = await Client.open(url, '/ws/events?camera=yard&camera=door');
    const events = [cameraOnline(door), recognised(), cameraOffline(yard, null)].map((draft) =>
      bus.publish(draft),
    );
    await everything.received(3);
    await Promise.all([ofYard.received(1), ofNames.received(1)]);
    expect(ofYard.texts).toEqual([JSON.stringify(events[2])]);
    expect(ofNames.texts).toEqual([JSON.stringify(events[1])]);
  });

  it('replays what was missed since an event, through the filter, then goes on', async () => {
    const { url, bus } = await startServer({ cameras: twoCameras() });
    const seen = bus.publish(cameraOnline(door));
    const missed = bus.publish(recognised());
    bus.publish(cameraOnline(yard));
    const client = await Client.open(url, `/ws/events?since=${seen.id}&camera=door`);
    const live = bus.publish(cameraOffline(door, null));
    await client.received(2);
    expect(client.texts).toEqual([missed, live].map((event) => JSON.stringify(event)));
  });

  it('closes a client that does not read with 1013, and disturbs nobody else', async () => {
    const { url, bus } = await startServer({ limits: { eventBudgetBytes: 64 * 1024 } });
    const stuck = await Client.open(url, '/ws/events');
    stuck.socket.pause();
    const reader = await Client.open(url, '/ws/events');
    const huge = cameraOffline(door, { code: 'SOURCE_FAILED', message: 'x'.repeat(100_000) });
    const count = 200;
    for (let sent = 1; sent <= count; sent += 1) {
      bus.publish(huge);
      await reader.received(sent);
    }
    stuck.socket.resume();
    expect(await stuck.closed).toBe(1013);
    expect(stuck.messages.length).toBeLessThan(count);
    expect(reader.socket.readyState).toBe(reader.socket.OPEN);
  });

  it('does not blame a client for a long replay', async () => {
    const bus = new EventBus({ capacity: 100 });
    const huge = cameraOffline(door, { code: 'SOURCE_FAILED', message: 'x'.repeat(100_000) });
    const { url } = await startServer({ bus, limits: { eventBudgetBytes: 1024 } });
    for (let i = 0; i < 100; i += 1) bus.publish(huge);
    const client = await Client.open(url, '/ws/events?since=00000000000000000000000000');
    const live = bus.publish(cameraOnline(door));
    await client.received(101);
    expect(client.texts.at(-1)).toBe(JSON.stringify(live));
  });
});

describe('GET /v1/events', () => {
  it('gives the newest events, oldest first, by the same filters', async () => {
    const { url, bus } = await startServer({ cameras: twoCameras() });
    const events = [
      cameraOnline(door),
      trackStarted(sightingOf(undecided)),
      recognised(),
      cameraOnline(yard),
    ].map((draft) => bus.publish(draft));
    const read = async (query: string) => {
      const response = await fetch(`${url}/v1/events${query}`);
      return ((await response.json()) as { events: SightlineEvent[] }).events;
    };
    expect(await read('')).toEqual(events);
    expect(await read('?limit=2')).toEqual(events.slice(-2));
    expect(await read('?limit=1&camera=door')).toEqual([events[2]]);
    expect(await read(`?since=${events[0]?.id}&camera=door`)).toEqual([events[1], events[2]]);
  });
});
