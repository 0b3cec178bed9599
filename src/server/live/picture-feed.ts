import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { WebSocket } from 'ws';
import type { Camera, CameraStatus, Picture, PictureVariant } from '../../pipeline/camera.js';
import type { PictureQuery, StreamQuery } from '../query.js';
import type { ServerContext } from '../server-options.js';
import { closeCodes } from './close-codes.js';
import type { Heartbeat } from './heartbeat.js';

/** How early, in parts of the interval, a frame may come and still count as the next: cameras are not exact. */
const toleranceInIntervals = 0.25;
const msPerSecond = 1000;

/** Lets through at most so many frames a second, spread evenly. */
export class FrameThrottle {
  readonly #intervalMs: number;
  #dueMs = -Infinity;

  /** @param framesPerSecond null lets every frame through */
  constructor(framesPerSecond: number | null) {
    this.#intervalMs = framesPerSecond === null ? 0 : msPerSecond / framesPerSecond;
  }

  /** Whether the frame at this moment of a monotonic clock passes. */
  admits(nowMs: number): boolean {
    if (nowMs < this.#dueMs - toleranceInIntervals * this.#intervalMs) return false;
    // Counted from when it was due, so that the rate is right on average; from now after a gap, so that it never bursts.
    const isAfterGap = nowMs - this.#dueMs > this.#intervalMs;
    this.#dueMs = (isAfterGap ? nowMs : this.#dueMs) + this.#intervalMs;
    return true;
  }
}

/** The way to one viewer. */
interface PictureOutlet {
  /** Bytes sent but not yet taken over by the operating system. */
  bufferedBytes(): number;
  send(picture: Picture): void;
  /** A frame was left out because the viewer is behind. */
  dropped(): void;
  /** The camera was removed: there will be no more pictures. */
  ended(): void;
}

export interface PictureFeedOptions {
  readonly camera: Camera;
  readonly query: StreamQuery;
  readonly budgetBytes: number;
  readonly outlet: PictureOutlet;
}

/**
 * Sends the pictures of a camera to one viewer until the returned function is called: at most `fps` of them, and only
 * while the viewer keeps up. A camera that shows nothing now starts with its last picture, if it has one.
 */
function feedPictures({ camera, query, budgetBytes, outlet }: PictureFeedOptions): () => void {
  const throttle = new FrameThrottle(query.fps);
  const variant = variantFor(query, camera.status());
  let newest = -1;
  const offer = (picture: Picture): void => {
    if (picture.sequence <= newest || !throttle.admits(performance.now())) return;
    newest = picture.sequence;
    if (withinBudget(outlet.bufferedBytes(), picture.jpeg.length, budgetBytes)) outlet.send(picture);
    else outlet.dropped();
  };
  const stop = camera.watch(variant, offer);
  const forget = camera.onRemoved(() => outlet.ended());
  let watching = true;
  if (camera.status().state !== 'online') {
    const offerLast = (picture: Picture): void => {
      if (watching) offer(picture);
    };
    // No picture yet is no failure here: the viewer waits for the first one.
    camera.latest(variant).then(offerLast, () => {});
  }
  return () => {
    watching = false;
    stop();
    forget();
  };
}

/** Whether a frame may be queued: always on an empty line, else only as far as the budget reaches. */
export function withinBudget(bufferedBytes: number, frameBytes: number, budgetBytes: number): boolean {
  return bufferedBytes === 0 || bufferedBytes + frameBytes <= budgetBytes;
}

/** What to ask of the camera. A width it does not reach is its own width, so that viewers share one encoding. */
export function variantFor(query: PictureQuery, status: Pick<CameraStatus, 'width'>): PictureVariant {
  const isWhole = query.width !== null && status.width !== null && query.width >= status.width;
  return { width: isWhole ? null : query.width, overlay: query.overlay };
}

const boundary = 'frame';

/** Answers with an endless multipart of JPEGs until the client goes, under the same budget as a WebSocket. */
export function streamMjpeg(
  reply: FastifyReply,
  camera: Camera,
  query: StreamQuery,
  heartbeat: Heartbeat,
  { metrics, limits }: Pick<ServerContext, 'metrics' | 'limits'>,
): void {
  const { id } = camera.status();
  const response = reply.hijack().raw;
  response.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': `multipart/x-mixed-replace; boundary=${boundary}`,
  });
  response.flushHeaders();
  // HTTP has no ping: a client is alive while parts reach it, or none waits.
  let isAlive = true;
  const onFlushed = (): void => {
    isAlive = true;
  };
  const stop = feedPictures({
    camera,
    query,
    budgetBytes: limits.pictureBudgetBytes,
    outlet: {
      bufferedBytes: () => response.writableLength,
      send: (picture) => writePart(response, picture, onFlushed),
      dropped: () => metrics.viewerFrameDropped(id, 'mjpeg'),
      ended: () => response.end(),
    },
  });
  const forget = heartbeat.watch({
    beat: () => {
      const wasAlive = isAlive || response.writableLength === 0;
      isAlive = false;
      return wasAlive;
    },
    kill: () => response.destroy(),
  });
  metrics.viewerJoined('mjpeg');
  response.once('close', () => {
    stop();
    forget();
    metrics.viewerLeft('mjpeg');
  });
  response.on('error', () => {});
}

function writePart(
  response: ServerResponse,
  { jpeg, sequence, capturedAt }: Picture,
  onFlushed: () => void,
): void {
  response.cork();
  response.write(
    `--${boundary}\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n` +
      `X-Sequence: ${sequence}\r\nX-Captured-At: ${new Date(capturedAt).toISOString()}\r\n\r\n`,
  );
  response.write(jpeg);
  response.write('\r\n', onFlushed);
  response.uncork();
}

/** Sends a camera's pictures to a viewer, one JPEG a binary message, until the socket closes. */
export function openVideo(
  socket: WebSocket,
  camera: Camera,
  query: StreamQuery,
  { metrics, limits }: Pick<ServerContext, 'metrics' | 'limits'>,
): void {
  const { id } = camera.status();
  const stop = feedPictures({
    camera,
    query,
    budgetBytes: limits.pictureBudgetBytes,
    outlet: {
      bufferedBytes: () => socket.bufferedAmount,
      // A send that fails closes the socket, and that ends the feed.
      send: ({ jpeg }) => socket.send(jpeg, () => {}),
      dropped: () => metrics.viewerFrameDropped(id, 'video'),
      ended: () => socket.close(closeCodes.cameraRemoved, 'CAMERA_REMOVED'),
    },
  });
  metrics.viewerJoined('video');
  socket.once('close', () => {
    stop();
    metrics.viewerLeft('video');
  });
}
