import { createHash } from 'node:crypto';

/** Of a secret: how long it takes to compare or to look up digests tells nothing about the secret. */
export function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
