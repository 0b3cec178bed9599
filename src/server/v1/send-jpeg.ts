import type { FastifyReply } from 'fastify';

/** Sends a picture of somebody, which nobody is to keep: they may be erased. */
export function sendJpeg(reply: FastifyReply, jpeg: Buffer): FastifyReply {
  return reply.header('cache-control', 'no-store').type('image/jpeg').send(jpeg);
}
