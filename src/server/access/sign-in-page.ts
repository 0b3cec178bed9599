import { createHash } from 'node:crypto';
import { escapeMarkup } from '../../core/markup.js';
import { contentSecurityPolicy } from './security-headers.js';

const style = `
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
  body { display: grid; place-items: center; min-height: 100vh; margin: 0; }
  main { max-width: 24rem; padding: 1.5rem; }
  label { display: block; margin-bottom: 0.25rem; }
  input, button { box-sizing: border-box; width: 100%; padding: 0.6rem; border-radius: 0.5rem; font: inherit; }
  input { border: 1px solid #8a94a3; }
  p[role='alert'] { color: light-dark(#b42318, #fda29b); }
  button { margin-top: 0.75rem; border: 0; background: #0f766e; color: #fff; cursor: pointer; }
`;

/** Self-contained, because the other files of the page need a token. */
const html = (note: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Sightline: sign in</title>
    <style>${style}</style>
  </head>
  <body>
    <main>
      <h1>Sightline</h1>
      <p>Open the link that Sightline printed at startup, or enter your access token.</p>
      ${note === '' ? '' : `<p role="alert">${escapeMarkup(note)}</p>`}
      <form action="/" method="get">
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autocomplete="current-password" required autofocus />
        <button>Sign in</button>
      </form>
    </main>
  </body>
</html>
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** The page for a browser without a valid token, with a policy that allows its one style sheet by hash. */
export const signInPage = {
  /** @param note what was wrong with the last attempt; may be empty */
  html,
  headers: {
    'content-security-policy': contentSecurityPolicy({ 'style-src': `'sha256-${styleHash}'` }),
    'content-type': 'text/html; charset=utf-8',
  },
} as const;
