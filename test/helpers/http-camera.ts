import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';

export interface HttpCameraOptions {
  /** Who may watch, and how they prove it; `query` wants `?loginuse=USER&loginpas=PASSWORD`. */
  readonly kind: 'basic' | 'digest' | 'query';
  readonly user: string;
  readonly password: string;
}

/** A camera on loopback that sends multipart JPEG to whoever logs in. */
export class HttpCamera {
  /** With the login. */
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, { kind, user, password }: HttpCameraOptions) {
    this.#server = server;
    const origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [name, secret] = [encodeURIComponent(user), encodeURIComponent(password)];
    this.url =
      kind === 'query'
        ? `http://${origin}/video.mjpg?loginuse=${name}&loginpas=${secret}`
        : `http://${name}:${secret}@${origin}/video.mjpg`;
  }

  static async open(options: HttpCameraOptions): Promise<HttpCamera> {
    const jpeg = await sharp({ create: { width: 160, height: 120, channels: 3, background: 'red' } })
      .jpeg()
      .toBuffer();
    const nonce = randomUUID();
    const server = createServer((request, response) => {
      if (!isLetIn(request, options, nonce)) {
        const challenge =
          options.kind === 'digest'
            ? `Digest realm="camera", nonce="${nonce}", qop="auth"`
            : 'Basic realm="camera"';
        return void response.writeHead(401, { 'www-authenticate': challenge }).end('no');
      }
      response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' });
      const timer = setInterval(() => {
        response.write(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`);
        response.write(jpeg);
        response.write('\r\n');
      }, 40);
      response.on('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new HttpCamera(server, options);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function isLetIn(
  request: IncomingMessage,
  { kind, user, password }: HttpCameraOptions,
  nonce: string,
): boolean {
  const given = request.headers.authorization ?? '';
  if (kind === 'basic') return given === `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const { searchParams } = new URL(request.url ?? '', 'http://camera');
  if (kind === 'query')
    return searchParams.get('loginuse') === user && searchParams.get('loginpas') === password;
  const part = (name: string): string => new RegExp(`\\b${name}="?([^",]*)`).exec(given)?.[1] ?? '';
  const md5 = (...texts: string[]): string => createHash('md5').update(texts.join(':')).digest('hex');
  const secret = md5(user, 'camera', password);
  const asked = md5('GET', request.url ?? '');
  const expected = md5(secret, nonce, part('nc'), part('cnonce'), 'auth', asked);
  return given.startsWith('Digest ') && part('response') === expected;
}
