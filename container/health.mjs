/** Exits with 0 while the program answers, on whatever port it was told to listen. */
const port = process.env.SIGHTLINE_SERVER_PORT ?? 8420;
const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
process.exitCode = answer?.ok ? 0 : 1;
