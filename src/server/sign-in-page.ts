/** What a browser shows that comes without the token. Stands alone: the page's own files need the token too. */
export const signInPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Sightline: sign in</title>
  </head>
  <body>
    <main>
      <h1>Sightline</h1>
      <p>Open the link that Sightline printed when it started, or enter the token here.</p>
      <form action="/" method="get">
        <label>Token <input name="token" type="password" autocomplete="current-password" required autofocus /></label>
        <button>Sign in</button>
      </form>
    </main>
  </body>
</html>
`;
