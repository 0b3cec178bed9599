import { Agent, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DescribedApi } from '../helpers/described-api.js';
import { Inspected } from '../helpers/inspected.js';
import { MalformedRequests, type MalformedRequest } from '../helpers/malformed.js';
import { assetPaths, franck } from '../helpers/photos.js';
import { RunningSightline, temporaryFolder } from '../helpers/sightline.js';

const total = 10_000;
/** By then every lazy part is loaded and every cache is warm. */
const warmUp = 3000;
const connections = 6;
/** Less than a kilobyte kept of each of the requests in between; half a megabyte in all is usual. */
const mostGrowthBytes = 5_000_000;

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

/** The status of the answer; null when the server hangs up on what is no HTTP. */
function send({ method, path, headers, body }: MalformedRequest): Promise<number | null> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const sent = httpRequest({ agent, hostname, port, method, path, headers }, (response) => {
      response.resume();
      response.once('close', () => resolve(response.statusCode ?? null));
      // An endless answer is a good one.
      if (response.headers['content-type']?.startsWith('multipart/')) response.destroy();
    });
    sent.once('error', () => resolve(null));
    sent.end(body);
  });
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
        const status = await send(request);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === null || (status >= 500 && status !== 503))
          defects.push(
            `${status} ${request.method} ${request.path.slice(0, 200)} ${JSON.stringify(request.headers)}`,
          );
      }
    };
    let sent = 0;
    await Promise.all(Array.from({ length: connections }, () => run(warmUp)));
    const before = await inspector.held();
    await Promise.all(Array.from({ length: connections }, () => run(total)));
    const after = await inspector.held();
    inspector.close();

    expect(defects).toEqual([]);
    expect(program.process.exitCode).toBeNull();
    expect(await send({ method: 'GET', path: '/readyz', headers: {}, body: null })).toBe(200);
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
