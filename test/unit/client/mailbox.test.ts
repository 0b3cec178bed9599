import { describe, expect, it } from 'vitest';
import { Mailbox } from '../../../packages/client/src/mailbox.js';

function mailbox(capacity = Infinity) {
  const closed: string[] = [];
  const box = new Mailbox<number>(capacity, () => closed.push('closed'));
  return { box, closed };
}

const done = { value: undefined, done: true };

describe('Mailbox', () => {
  it('gives values in order, to those who wait already and to those who come later', async () => {
    const { box } = mailbox();
    const first = box.next();
    const second = box.next();
    for (const value of [1, 2, 3]) box.put(value);
    expect(await Promise.all([first, second, box.next()])).toEqual(
      [1, 2, 3].map((value) => ({ value, done: false })),
    );
  });

  it('drops the oldest when full', async () => {
    const { box } = mailbox(1);
    for (const value of [1, 2, 3]) box.put(value);
    expect(await box.next()).toEqual({ value: 3, done: false });
  });

  it('ends everything pending when closed, once, and takes nothing more', async () => {
    const { box, closed } = mailbox();
    const pending = [box.next(), box.next()];
    box.close();
    box.close();
    box.put(1);
    expect(await Promise.all([...pending, box.next()])).toEqual([done, done, done]);
    expect(closed).toEqual(['closed']);
  });

  it('is closed by leaving the loop', async () => {
    const { box, closed } = mailbox();
    box.put(1);
    for await (const value of box) {
      expect(value).toBe(1);
      break;
    }
    expect(closed).toEqual(['closed']);
  });

  it('gives what waits, then the error, once', async () => {
    const { box } = mailbox();
    box.put(1);
    box.fail(new Error('refused'));
    expect(await box.next()).toEqual({ value: 1, done: false });
    await expect(box.next()).rejects.toThrow('refused');
    expect(await box.next()).toEqual(done);
  });

  it('rejects one reader that waits, and ends the others', async () => {
    const { box } = mailbox();
    const pending = [box.next(), box.next()];
    box.fail(new Error('refused'));
    const [first, second] = await Promise.allSettled(pending);
    expect(first?.status).toBe('rejected');
    expect(second).toEqual({ status: 'fulfilled', value: done });
  });
});
