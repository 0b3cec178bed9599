import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Camera, Picture } from '../../pipeline/camera.js';
import type { Heartbeat } from './heartbeat.js';
import { feedPictures } from './picture-feed.js';
import type { StreamQuery } from '../query.js';
import type { ServerContext } from '../server-options.js';

const BOUNDARY = 'frame';

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
    'content-type': `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
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
    `--${BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n` +
      `X-Sequence: ${sequence}\r\nX-Captured-At: ${new Date(capturedAt).toISOString()}\r\n\r\n`,
  );
  response.write(jpeg);
  response.write('\r\n', onFlushed);
  response.uncork();
}
