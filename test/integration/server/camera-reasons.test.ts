import { describe, expect, it } from 'vitest';
import type { Camera } from '../../../src/pipeline/camera.js';
import { roles } from '../../../src/core/roles.js';
import { cameraOffline, cameraOverloaded } from '../../../src/events/build-event.js';
import { FakeCamera } from '../../helpers/fake-camera.js';
import { Client, startServer } from './start-server.js';

const door = { id: 'door', name: 'Front door' };
const full = {
  code: 'SOURCE_UNREACHABLE',
  message: 'Expected the camera to answer but 10.1.2.3:554 answered 502 Bad Gateway.',
};
const plain = { ...full, message: 'The camera cannot be reached.' };
const newCode = { code: 'A_CODE_OF_ANOTHER_VERSION', message: 'It said 10.1.2.3.' };
const busy = { code: 'SEARCHES_WAIT', message: 'It was searched 0.4 times a second.' };
const tokens = roles.map((role) => ({ name: role, token: `the-token-of-the-${role}`, role }));

/** A camera that is down, and what its events say, before the test asks. */
async function startWithCameraDown() {
  const camera = new FakeCamera(door);
  camera.set({ state: 'offline', error: full });
  const cameras = {
    list: (): Camera[] => [camera],
    get: () => camera,
    restart: () => Promise.resolve(camera),
    add: () => Promise.resolve(camera),
    change: () => Promise.resolve(camera),
  };
  const server = await startServer({ tokens, cameras: [camera], services: { cameras } as never });
  const publishAll = async () => {
    const drafts = [cameraOffline(door, full), cameraOffline(door, newCode), cameraOverloaded(door, busy)];
    const events = [];
    for (const draft of [...drafts, cameraOffline(door, null)]) events.push(await server.publish(draft));
    return events;
  };
  return { ...server, publishAll };
}

/** What somebody with each role reads of why the camera shows nothing. */
const readers = [
  { role: 'viewer', error: plain, ofNewCode: 'The camera shows no picture because of an error.' },
  { role: 'operator', error: full, ofNewCode: newCode.message },
  { role: 'admin', error: full, ofNewCode: newCode.message },
] as const;

describe.each(readers)('why a camera is down, as $role', ({ role, error, ofNewCode }) => {
  const headers = { authorization: `Bearer the-token-of-the-${role}` };
  const reasons = [error, { ...newCode, message: ofNewCode }, busy, null];

  it('over every route about cameras', async () => {
    const { url } = await startWithCameraDown();
    const ask = async (method: string, path: string, body?: object) => {
      const sent = body && { body: JSON.stringify(body) };
      const type = { 'content-type': 'application/json' };
      const response = await fetch(url + path, {
        method,
        headers: { ...headers, ...(body && type) },
        ...sent,
      });
      return { ok: response.ok, body: (await response.json()) as { error?: unknown; cameras?: unknown } };
    };
    expect((await ask('GET', '/v1/cameras')).body.cameras).toEqual([expect.objectContaining({ error })]);
    expect((await ask('GET', '/v1/cameras/door')).body.error).toEqual(error);
    for (const { ok, body } of [
      await ask('POST', '/v1/cameras/door/restart'),
      await ask('PATCH', '/v1/cameras/door', { name: 'Door' }),
      await ask('POST', '/v1/cameras', { id: 'door', url: 'test:' }),
    ]) {
      // Whoever may not do it hears nothing of the camera.
      if (ok) expect(body.error).toEqual(error);
      else expect(JSON.stringify(body)).not.toContain('10.1.2.3');
    }
  });

  it('over every route about events', async () => {
    const { url, publishAll } = await startWithCameraDown();
    const [first] = await publishAll();
    const page = (await (await fetch(`${url}/v1/events?order=oldest`, { headers })).json()) as {
      events: { data: { reason: unknown } }[];
    };
    expect(page.events.map(({ data }) => data.reason)).toEqual(reasons);
    const one = (await (await fetch(`${url}/v1/events/${first?.id}`, { headers })).json()) as {
      data: { reason: unknown };
    };
    expect(one.data.reason).toEqual(error);
  });

  it('over WebSockets, replayed and live, whoever else listens', async () => {
    const { url, publishAll } = await startWithCameraDown();
    await publishAll();
    const path = '/ws/events?since=00000000000000000000000000';
    // Others first: what was written out for them must not be sent to this one.
    const others = await Promise.all(
      tokens.map(({ token }) => Client.open(url, path, { headers: { authorization: `Bearer ${token}` } })),
    );
    const client = await Client.open(url, path, { headers });
    await Promise.all([client, ...others].map((each) => each.received(reasons.length)));
    await publishAll();
    await client.received(2 * reasons.length);
    const received = client.texts.map((text) => JSON.parse(text) as { data: { reason: unknown } });
    expect(received.map(({ data }) => data.reason)).toEqual([...reasons, ...reasons]);
  });
});
