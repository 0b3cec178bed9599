import { expect, it } from 'vitest';
import { RateLimit } from '../../../../src/server/access/rate-limits.js';

it('lets so many pass of each client and says how long to wait', async () => {
  const limit = new RateLimit({ perMinute: 3, what: 'knocks' });
  for (let i = 0; i < 3; i += 1) {
    await limit.check('one');
    await limit.take('one');
  }
  const refusal = {
    code: 'RATE_LIMITED',
    message: expect.stringMatching(/at most 3 knocks a minute/) as string,
  };
  await expect(limit.check('one')).rejects.toMatchObject(refusal);
  const error = await limit.take('one').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject(refusal);
  const { retryAfterSeconds } = error as { retryAfterSeconds: number };
  expect(retryAfterSeconds).toBeGreaterThan(0);
  expect(retryAfterSeconds).toBeLessThanOrEqual(60);
  await limit.take('other');
});

it('forgets the idlest clients rather than keep any number', async () => {
  const limit = new RateLimit({ perMinute: 1, what: 'knocks' });
  for (let i = 0; i <= 10_000; i += 1) await limit.take(`client ${i}`);
  expect(limit.size).toBe(10_000);
  await limit.take('client 0');
  await expect(limit.take('client 10000')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
});
