import { describe, expect, it } from 'vitest';
import { UploadLimiter } from '../../../../src/server/uploads/upload-limiter.js';

describe('UploadLimiter', () => {
  const busy = expect.objectContaining({ code: 'BUSY', retryAfterSeconds: 1 }) as Error;

  it('gives one client three quarters of the places, and others the rest', () => {
    const limiter = new UploadLimiter(4);
    for (let i = 0; i < 3; i += 1) limiter.enter('one');
    expect(() => limiter.enter('one')).toThrow(busy);
    limiter.enter('other');
    expect(() => limiter.enter('third')).toThrow(busy);
  });

  it('frees a place once, however often it is given back', () => {
    const limiter = new UploadLimiter(2);
    const leave = limiter.enter('one');
    limiter.enter('other');
    leave();
    leave();
    limiter.enter('one');
    expect(() => limiter.enter('third')).toThrow(busy);
  });

  it('gives a client at least one place', () => {
    const limiter = new UploadLimiter(1);
    limiter.enter('one')();
    expect(() => limiter.enter('one')).not.toThrow();
  });
});
