import { Mailbox } from './mailbox.js';
import { ReconnectingSocket } from './reconnecting-socket.js';
import { socketUrl, type Transport } from './transport.js';

export interface VideoOptions {
  /** The camera's id. */
  readonly camera: string;
  /** Width in pixels; the camera's own when left out. */
  readonly width?: number | undefined;
  /** Maximum pictures per second; all when left out. */
  readonly fps?: number | undefined;
  /** Whether boxes and names are drawn; true when left out. */
  readonly overlay?: boolean | undefined;
}

/**
 * The pictures of a camera, each a JPEG, for one reader. The reader always gets the newest: pictures it did not read in
 * time are dropped. Leaving the `for await` loop closes it. Rejects with a RefusedError when the server refuses for good.
 */
export interface Video extends AsyncIterableIterator<ArrayBuffer> {
  /** Ends the loop and every pending `next()`. May be called again. */
  close(): void;
}

export function openVideo(transport: Transport, { camera, width, fps, overlay = true }: VideoOptions): Video {
  const query = new URLSearchParams({ overlay: overlay ? 'on' : 'off' });
  if (width !== undefined) query.set('width', String(width));
  if (fps !== undefined) query.set('fps', String(fps));
  const pictures = new Mailbox<ArrayBuffer>(1, () => socket.close());
  const url = socketUrl(transport, `ws/video/${encodeURIComponent(camera)}`, query);
  const socket = new ReconnectingSocket({
    transport,
    address: () => Promise.resolve(url),
    onMessage: (data) => {
      if (data instanceof ArrayBuffer) pictures.put(data);
    },
    onLink: () => {},
    onRefused: (error) => pictures.fail(error),
  });
  return pictures;
}
