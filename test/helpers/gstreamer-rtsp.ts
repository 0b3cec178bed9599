import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { debianPython } from './prerequisites.js';
import { endWithTestFile, kill } from './running-programs.js';

const program = fileURLToPath(new URL('./gstreamer-rtsp-server.py', import.meta.url));

/** How a camera wants its clients to log in. */
export interface RtspLogin {
  readonly kind: 'basic' | 'digest';
  readonly user: string;
  readonly password: string;
}

/** GStreamer's RTSP server on loopback. It speaks RTP over the RTSP connection (TCP) only, and plays a file once. */
export class GstreamerRtspServer {
  /** With the login, when there is one. */
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  /** @param login without one, anybody may watch */
  static async open(file: string, login?: RtspLogin): Promise<GstreamerRtspServer> {
    const port = await freePort();
    const loginArguments = login === undefined ? [] : [login.kind, login.user, login.password];
    const child = spawn(debianPython, [program, String(port), file, ...loginArguments], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    endWithTestFile(child);
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`GStreamer's RTSP server ended with ${String(code)}.`);
      }),
    ]);
    const userInfo =
      login === undefined ? '' : `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@`;
    return new GstreamerRtspServer(`rtsp://${userInfo}127.0.0.1:${port}/stream`, child);
  }

  close(): Promise<void> {
    return kill(this.#process);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
