import { z } from 'zod';
import { roles } from '../core/roles.js';

/** The name under which `server.token`, or the one that is made, is known. */
export const ownerName = 'owner';

const secret = z.string().min(16);

const tokenSchema = z.strictObject({
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'expected 1 to 64 of A-Z, a-z, 0-9, ., _ and -, beginning with a letter or digit',
    )
    .refine((name) => name !== ownerName, `expected another name than ${ownerName}, that of server.token`)
    .describe('Of the person or program that has the token; each has a name of its own.'),
  token: secret.describe('The token; each is another one.'),
  role: z
    .enum(roles)
    .describe(
      '`viewer` looks: pictures, events, lists. `operator` also asks about pictures, keeps people and restarts cameras. `admin` also changes cameras and settings.',
    ),
});

const origin = z
  .string()
  .refine(isOrigin, 'expected an origin as browsers send it, such as https://portal.example, and not *');

export const serverSchema = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address to listen on. Anything but this machine’s own asks for a token.'),
    port: z.number().int().min(0).max(65535).default(8420).describe('TCP port; 0 takes a free one.'),
    token: secret
      .nullable()
      .default(null)
      .describe(
        'Access token with the role `admin`. When null, a token is needed and none of `tokens` is an admin’s, one is made and kept in the data folder.',
      ),
    tokens: z
      .array(tokenSchema)
      .default([])
      .describe('Tokens of further people and programs. With one, a token is needed on loopback too.'),
    corsOrigins: z
      .array(origin)
      .default([])
      .describe(
        'Origins of pages elsewhere that may use the API and the WebSockets with a token. Without tokens they may do everything.',
      ),
    rateLimit: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .nullable()
      .default(6000)
      .describe(
        'Most requests a minute of one client: of one token, or of one address without a token. No limit when null.',
      ),
  })
  .superRefine(({ tokens }, context) => {
    for (const key of ['name', 'token'] as const) {
      const values = tokens.map((entry) => entry[key]);
      for (const [index, value] of values.entries()) {
        if (values.indexOf(value) === index) continue;
        const path = ['tokens', index, key];
        context.addIssue({ code: 'custom', path, message: `expected a ${key} that no other entry has` });
      }
    }
  });

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text;
}
