import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DescribedApi } from '../helpers/described-api.js';
import { Inspected } from '../helpers/inspected.js';
import { MalformedRequests } from '../helpers/malformed.js';
import { assetPaths, franck } from '../helpers/photos.js';
import { sendRaw } from '../helpers/send-raw.js';
import { RunningSightline, temporaryFolder } from '../helpers/sightline.js';

const total = 10_000;
/** By then every lazy part is loaded and every cache is warm. */
const warmUp = 3000;
const connections = 6;
/** Less than a kilobyte kept of each of the requests in between; half a megabyte in all is usual. */
const mostGrowthBytes = 5_000_000;

/** Places for uploads, unless the configuration says otherwise. */
const slowSenders = 8;
/** Larger bodies are for pictures only. */
const smallBody = 64 * 1024;
/** Processor time of the main thread in one go, the camera's detector included. */
const mostSliceMs = 100;

const folder = temporaryFolder();
const agent = new Agent({ keepAlive: true, maxSockets: connections });
let program: RunningSightline;
let url: string;

beforeAll(async () => {
  program = new RunningSightline(
    ['run', 'test:320x240@5', '--port', '0', '--data', folder.path, '--log-level', 'error'],
    { NODE_OPTIONS: '--inspect=127.0.0.1:0', SIGHTLINE_SERVER_RATE_LIMIT: 'null' },
  );
  url = await program.serving();
});

afterAll(async () => {
  agent.destroy();
  await program.stop();
  folder.remove();
});

/**
 * Begins uploads from another address of this machine, as many as there are places, and sends two bytes of each.
 * @returns the first line of each answer, in time
 */
async function sendSlowly(): Promise<Promise<string>[]> {
  const { hostname, port, host } = new URL(url);
  const answers: Promise<string>[] = [];
  for (let i = 0; i < slowSenders; i++) {
    const socket = connect({ host: hostname, port: Number(port), localAddress: '127.0.0.2' });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(
      `POST /v1/identify HTTP/1.1\r\nHost: ${host}\r\nContent-Type: image/jpeg\r\nContent-Length: 900000\r\n\r\nab`,
    );
    const answered = once(socket, 'data').then(([data]) => {
      socket.destroy();
      return String(data).split('\r\n')[0] ?? '';
    });
    answers.push(answered);
  }
  return answers;
}

describe('ten thousand malformed requests and pictures', () => {
  it('crash nothing, are answered with no 500, and leave nothing behind', { timeout: 600_000 }, async () => {
    const [photo = ''] = await assetPaths(franck);
    const api = await DescribedApi.of(url);
    const requests = await MalformedRequests.from(20261122, api.operations, photo);
    const statuses = new Map<number | null, number>();
    const defects: string[] = [];
    const inspector = await Inspected.connect(await inspectorAddress());
    const run = async (until: number): Promise<void> => {
      while (sent < until) {
        sent++;
        const request = requests.next();
        const status = (await sendRaw(url, request, agent))?.status ?? null;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        // What is too large is refused before all of it was sent, and then the connection may end under the sender.
        const isCutOff = status === null && (request.body?.length ?? 0) > smallBody;
        if ((status === null && !isCutOff) || (status !== null && status >= 500 && status !== 503))
          defects.push(
            `${status} ${request.method} ${request.path.slice(0, 200)} ${JSON.stringify(request.headers)}`,
          );
      }
    };
    let sent = 0;
    await inspector.watchLoop();
    const slow = await sendSlowly();
    await Promise.all(Array.from({ length: connections }, () => run(warmUp)));
    let longestSliceMs = await inspector.longestSliceMs();
    const before = await inspector.held();
    // Collecting garbage on request is no work of a client.
    await inspector.longestSliceMs();
    await Promise.all(Array.from({ length: connections }, () => run(total)));
    longestSliceMs = Math.max(longestSliceMs, await inspector.longestSliceMs());
    const after = await inspector.held();
    inspector.close();

    expect(defects).toEqual([]);
    expect(program.process.exitCode).toBeNull();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(longestSliceMs).toBeLessThan(mostSliceMs);
    for (const line of await Promise.all(slow)) expect(line).toMatch(/^HTTP\/1.1 (408|429) /);
    expect(after.heapBytes - before.heapBytes).toBeLessThan(mostGrowthBytes);
    expect(after.externalBytes - before.externalBytes).toBeLessThan(mostGrowthBytes);
    expect(after.handles - before.handles).toBeLessThan(20);
    // It does reach the routes: some are refused for what they say, some for whom they name, some pictures are read.
    for (const status of [200, 400, 404, 415]) expect([...statuses.keys()]).toContain(status);
  });
});

async function inspectorAddress(): Promise<string> {
  await program.logged('ws://127.0.0.1');
  return /ws:\/\/127\.0\.0\.1\S+/.exec(program.stderr)?.[0] ?? '';
}
