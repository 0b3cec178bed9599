import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/app/access-token.js';
import { configSchema } from '../../../src/config/schema.js';
import { temporaryFolder } from '../../helpers/sightline.js';

const viewer = { name: 'hall', token: 'a-token-for-looking', role: 'viewer' };
const admin = { name: 'integrator', token: 'a-token-for-everything', role: 'admin' };

describe('accessOf', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());

  const access = (server: object, data = folder.path) => accessOf(configSchema.parse({ server, data }));

  it('asks for no token on loopback unless one is configured', async () => {
    expect(await access({ host: 'localhost' })).toEqual({ tokens: [], ownToken: null });
    expect(existsSync(join(folder.path, 'token'))).toBe(false);
    const token = 'correct-horse-battery';
    expect(await access({ token })).toEqual({
      tokens: [{ name: 'owner', token, role: 'admin' }],
      ownToken: token,
    });
  });

  it('makes a token that nobody guesses beyond loopback, and gives the same one from then on', async () => {
    const data = join(folder.path, 'data');
    const { tokens, ownToken } = await access({ host: '0.0.0.0' }, data);
    expect(ownToken).toMatch(/^[\w-]{32}$/);
    expect(tokens).toEqual([{ name: 'owner', token: ownToken, role: 'admin' }]);
    expect((await access({ host: '0.0.0.0' }, data)).ownToken).toBe(ownToken);
    expect((await access({ host: '0.0.0.0' }, join(folder.path, 'other'))).ownToken).not.toBe(ownToken);
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
    expect(existsSync(join(folder.path, 'token'))).toBe(false);
  });

  it('keeps the token from everybody but the owner', async () => {
    await access({ host: '0.0.0.0' });
    expect(statSync(join(folder.path, 'token')).mode & 0o777).toBe(0o600);
  });

  it('says so when it cannot be kept', async () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    await expect(access({ host: '0.0.0.0' }, join(file, 'data'))).rejects.toMatchObject({
      code: 'DATA_UNWRITABLE',
    });
  });
});
