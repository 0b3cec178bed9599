import { fork, spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { findFfmpeg } from '../../src/ingest/ffmpeg-binary.js';
import { endWithTestFile, kill } from './running-programs.js';

const PROGRAM = fileURLToPath(new URL('./rtsp-server-process.mjs', import.meta.url));
const RTP_PORTS = 40;

export interface RtspServerOptions {
  /** The clip to publish over and over; H.264 without B frames. */
  readonly file: string;
  /** When given, clients must log in by Basic authentication. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** The ffmpeg that publishes; found on this machine when left out. */
  readonly ffmpegPath?: string;
}

/** A real RTSP server on loopback that ffmpeg publishes a clip to. It speaks RTP over UDP only. */
export class RtspTestServer {
  /** With the credentials, when there are any. */
  readonly url: string;
  readonly #options: RtspServerOptions;
  readonly #port: number;
  #server: ChildProcess | undefined;
  #publisher: ChildProcess | undefined;

  private constructor(options: RtspServerOptions, port: number) {
    this.#options = options;
    this.#port = port;
    const { user, password } = options.credentials ?? {};
    const login =
      user === undefined ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password ?? '')}@`;
    this.url = `rtsp://${login}127.0.0.1:${port}/stream`;
  }

  /** Starts a server on free ports; resolves when the clip can be played. */
  static async open(options: RtspServerOptions): Promise<RtspTestServer> {
    const server = new RtspTestServer(options, await freePortRange(RTP_PORTS + 2));
    await server.start();
    return server;
  }

  /** Starts again after `stop()`, on the same ports. */
  async start(): Promise<void> {
    const config = {
      clientPort: this.#port,
      publishPort: this.#port + 1,
      rtpPortStart: this.#port + 2,
      rtpPortCount: RTP_PORTS,
      credentials: this.#options.credentials,
    };
    const stdio = ['ignore', 'ignore', 'inherit'] as const;
    this.#server = endWithTestFile(fork(PROGRAM, [JSON.stringify(config)], { stdio: [...stdio, 'ipc'] }));
    await message(this.#server, 'listening');
    const path = this.#options.ffmpegPath ?? (await findFfmpeg()).path;
    this.#publisher = endWithTestFile(
      spawn(path, publishArguments(this.#options.file, config.publishPort), { stdio: [...stdio] }),
    );
    await message(this.#server, 'publishing');
  }

  /** The publisher falls silent while all connections stay open, as with a camera that hangs. */
  freeze(): void {
    this.#publisher?.kill('SIGSTOP');
  }

  /** The publisher goes on after `freeze()`. */
  thaw(): void {
    this.#publisher?.kill('SIGCONT');
  }

  /** Kills the server and the publisher, as when a camera loses power. */
  async stop(): Promise<void> {
    await Promise.all([kill(this.#publisher), kill(this.#server)]);
    this.#publisher = this.#server = undefined;
  }

  /** The same as `stop()`, for the end of a test. */
  close(): Promise<void> {
    return this.stop();
  }
}

function publishArguments(file: string, port: number): string[] {
  const input = ['-re', '-stream_loop', '-1', '-i', file];
  const output = ['-an', '-c:v', 'copy', '-f', 'rtsp', `rtsp://127.0.0.1:${port}/stream`];
  return ['-nostdin', '-loglevel', 'fatal', ...input, ...output];
}

/** Resolves when the child sends `expected`, rejects when it ends before. */
async function message(child: ChildProcess, expected: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onExit = (code: number | null) =>
      reject(new Error(`The RTSP server ended (${code}) before "${expected}".`));
    child.once('exit', onExit);
    child.once('message', (received) => {
      child.off('exit', onExit);
      if (received === expected) resolve();
      else
        reject(
          new Error(`Expected "${expected}" from the RTSP server but received ${JSON.stringify(received)}.`),
        );
    });
  });
}

/** The first, even, of `count` ports in a row that are free for TCP and UDP, below those that systems hand out. */
async function freePortRange(count: number): Promise<number> {
  for (;;) {
    const start = 20_000 + 2 * Math.floor(Math.random() * 6000);
    const ports = Array.from({ length: count }, (_, index) => start + index);
    const free = await Promise.all(ports.map(async (port) => (await tcpFree(port)) && (await udpFree(port))));
    if (free.every(Boolean)) return start;
  }
}

async function tcpFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

async function udpFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}
