import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Debian's own Python, for which Debian's packages are. */
const python = '/usr/bin/python3';
const program = fileURLToPath(new URL('./gstreamer-rtsp-server.py', import.meta.url));
const probe = 'import gi; gi.require_version("GstRtspServer", "1.0")';

/** Why tests with GStreamer's RTSP server are skipped, or null when they run. Where CI=true they run, and fail without. */
export const noGstreamerReason =
  isInstalled() || process.env['CI'] === 'true' ? null : 'no gir1.2-gst-rtsp-server-1.0 with python3-gi';

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
    const child = spawn(python, [program, String(port), file, ...loginArguments], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
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

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }
}

function isInstalled(): boolean {
  try {
    execFileSync(python, ['-c', probe], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
