import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/app/access-token.js';
import { configSchema } from '../../../src/config/schema.js';
import type { Storage } from '../../../src/core/storage.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import { temporaryFolder } from '../../helpers/sightline.js';

const viewer = { name: 'hall', token: 'a-token-for-looking', role: 'viewer' };
const admin = { name: 'integrator', token: 'a-token-for-everything', role: 'admin' };

describe('accessOf', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let storage: Storage;
  beforeEach(async () => {
    folder = temporaryFolder();
    storage = await openStorage({ data: folder.path });
  });
  afterEach(async () => {
    await storage.close();
    folder.remove();
  });

  const access = (server: object, { tokens } = storage) =>
    accessOf(configSchema.parse({ server }).server, tokens);
  /** The token that is kept, or `other` when there was none. */
  const kept = (other: string) => storage.tokens.keep('owner', other);

  it('asks for no token on loopback unless one is configured', async () => {
    expect(await access({ host: 'localhost' })).toEqual({ tokens: [], ownToken: null });
    const token = 'correct-horse-battery';
    expect(await access({ token })).toEqual({
      tokens: [{ name: 'owner', token, role: 'admin' }],
      ownToken: token,
    });
    expect(await kept('none was made')).toBe('none was made');
  });

  it('asks for one on loopback, too, where that is set', async () => {
    const { tokens, ownToken } = await access({ host: 'localhost', tokenOnLoopback: true });
    expect(ownToken).toMatch(/^[\w-]{32}$/);
    expect(tokens).toEqual([{ name: 'owner', token: ownToken, role: 'admin' }]);
    expect(await kept('none was made')).toBe(ownToken);
  });

  it('makes a token that nobody guesses beyond loopback, and gives the same one from then on', async () => {
    const { tokens, ownToken } = await access({ host: '0.0.0.0' });
    expect(ownToken).toMatch(/^[\w-]{32}$/);
    expect(tokens).toEqual([{ name: 'owner', token: ownToken, role: 'admin' }]);
    await storage.close();
    storage = await openStorage({ data: folder.path });
    expect((await access({ host: '0.0.0.0' })).ownToken).toBe(ownToken);
    const other = temporaryFolder();
    const elsewhere = await openStorage({ data: other.path });
    expect((await access({ host: '0.0.0.0' }, elsewhere)).ownToken).not.toBe(ownToken);
    await elsewhere.close();
    other.remove();
  });

  it('makes one for the owner where nobody else is an admin, on loopback too', async () => {
    for (const host of ['127.0.0.1', '0.0.0.0']) {
      const { tokens, ownToken } = await access({ host, tokens: [viewer] });
      expect(tokens.map(({ name, role }) => [name, role])).toEqual([
        ['owner', 'admin'],
        ['hall', 'viewer'],
      ]);
      expect(ownToken).toBe(tokens[0]?.token);
    }
  });

  it('makes none where somebody else is an admin, and puts nobody else’s into the link', async () => {
    expect(await access({ host: '0.0.0.0', tokens: [viewer, admin] })).toEqual({
      tokens: [viewer, admin],
      ownToken: null,
    });
    expect(await kept('none was made')).toBe('none was made');
  });
});
