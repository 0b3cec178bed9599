import { z } from 'zod';
import { roles } from '../core/roles.js';

/** The name of `server.token`, or of the token that Sightline creates. */
export const ownerName = 'owner';

const secret = z.string().min(16);

const tokenSchema = z.strictObject({
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'expected 1 to 64 of A-Z, a-z, 0-9, ., _ and -, beginning with a letter or digit',
    )
    .refine(
      (name) => name !== ownerName,
      `expected a name other than ${ownerName}, which is that of server.token`,
    )
    .describe('Name of the person or program that uses the token; unique.'),
  token: secret.describe('The token; unique.'),
  role: z
    .enum(roles)
    .describe(
      '`viewer` may look at pictures, events and lists. `operator` may also search pictures, manage people and restart cameras. `admin` may also change cameras and settings.',
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
      .describe('Address to listen on. Any address that other machines can reach requires a token.'),
    port: z.number().int().min(0).max(65535).default(8420).describe('TCP port; 0 for any free one.'),
    token: secret
      .nullable()
      .default(null)
      .describe(
        'Access token with the role `admin`. When it is null, but a token is required and none of `tokens` is an admin’s, Sightline creates one and keeps it in the data folder.',
      ),
    tokens: z
      .array(tokenSchema)
      .default([])
      .describe(
        'Tokens of further people and programs. With any of them, a token is required on loopback too.',
      ),
    tokenOnLoopback: z
      .boolean()
      .default(false)
      .describe(
        'Whether a token is required on loopback even if none is configured. Without one, every account of this machine is an admin.',
      ),
    corsOrigins: z
      .array(origin)
      .default([])
      .describe(
        'Other origins whose pages may use the API and the WebSockets with a token. Without tokens they may do everything.',
      ),
    rateLimit: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .nullable()
      .default(6000)
      .describe(
        'Maximum requests per minute of one client, which is one token or one address without a token. No limit when null.',
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
