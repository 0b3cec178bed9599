import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/config/package-root.js';
import { EventStream } from '../helpers/event-stream.js';
import { RunningSightline, temporaryFolder } from '../helpers/sightline.js';
import { NewUser } from '../helpers/traced.js';

/** The packed program and client, installed elsewhere by plain npm, for a user whose home folder is empty. */

const folder = temporaryFolder();
const user = new NewUser(join(folder.path, 'user'));
const [program, client] = [join(folder.path, 'program'), join(folder.path, 'client')];
const run = promisify(execFile);
let environment: NodeJS.ProcessEnv;
let demo: RunningSightline;

beforeAll(async () => {
  const cwd = packageRoot();
  // What npm needs to know of this machine: its cache, and the way to the registry.
  const cache = (await run('npm', ['config', 'get', 'cache'], { cwd })).stdout.trim();
  environment = user.environment({
    npm_config_cache: cache,
    npm_config_userconfig: join(homedir(), '.npmrc'),
    npm_config_prefer_offline: 'true',
    // With this, the script of onnxruntime-node takes a way on which nobody listens.
    GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9',
    ONNXRUNTIME_NODE_INSTALL: undefined,
  });
  const pack = ['pack', '--ignore-scripts', '--pack-destination', folder.path];
  await run('npm', pack, { cwd });
  await run('npm', [...pack, '--workspace', 'sightline-client'], { cwd });
  await install(program, 'sightline-0.1.0.tgz');
  await install(client, 'sightline-client-0.1.0.tgz');
  const entry = join(program, 'node_modules', 'sightline', 'dist', 'src', 'main.js');
  const data = join(folder.path, 'data');
  demo = new RunningSightline(['demo', '--port', '0', '--data', data], environment, entry);
  await demo.serving();
});
afterAll(async () => {
  await demo?.stop();
  folder.remove();
});

async function install(into: string, file: string): Promise<void> {
  await mkdir(into);
  await run('npm', ['install', join(folder.path, file)], { cwd: into, env: environment });
}

describe('the installed program', () => {
  it('names somebody with networks that are kept in the user’s cache, and leaves nothing else there', async () => {
    const events = await EventStream.open(await demo.serving());
    const recognized = await events.until(({ type }) => type === 'sightline.identity.recognized');
    events.close();
    expect(recognized.data).toMatchObject({ identity: { name: 'Franck' } });
    const cache = join('.cache', 'sightline', 'models');
    const left = user.leftAtHome().filter((path) => !`${cache}/`.startsWith(`${path}/`));
    expect(left).toContain(join(cache, 'mobilefacenet.onnx'));
    expect(left.filter((path) => !path.startsWith(`${cache}/`))).toEqual([]);
  });

  it('serves the page with the client', async () => {
    const url = await demo.serving();
    expect((await fetch(url)).status).toBe(200);
    expect(await (await fetch(`${url}/client/index.js`)).text()).toContain('export function connect');
  });
});

describe('the installed client', () => {
  it('has no dependencies, and types that are enough for its user', async () => {
    expect(await readdir(join(client, 'node_modules'))).toEqual(['.package-lock.json', 'sightline-client']);
    const source = `import { connect } from 'sightline-client';
      for await (const event of connect({ url: '', types: ['sightline.identity.recognized'] })) {
        const name: string | undefined = event.data.identity?.name;
        // @ts-expect-error there is no such type of event
        connect({ url: name ?? '', types: ['sightline.identity.lost'] });
      }`;
    await writeFile(join(client, 'use.mts'), source);
    const compiler = join(packageRoot(), 'node_modules', 'typescript', 'bin', 'tsc');
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--lib', 'es2023,dom'];
    const checked = await run(process.execPath, [compiler, ...options, 'use.mts'], { cwd: client }).catch(
      (error: { readonly stdout: string }) => error,
    );
    expect(checked.stdout).toBe('');
  });

  it('gets events with the WebSocket that it is handed', async () => {
    const script = `import { createRequire } from 'node:module';
      import { connect } from 'sightline-client';
      const { WebSocket } = createRequire(process.argv[2])('ws');
      const since = '00000000000000000000000000';
      for await (const { type } of connect({ url: process.argv[1], since, WebSocket })) {
        console.log(type);
        break;
      }`;
    const program = ['--input-type=module', '--eval', script, await demo.serving(), import.meta.url];
    const { stdout } = await run(process.execPath, program, { cwd: client });
    expect(stdout).toMatch(/^sightline\.\w+\.\w+\n$/);
  });
});
