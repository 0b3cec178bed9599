#!/usr/bin/env node
import { redact, redactUrl } from './ingest/redact.js';

// The arguments of a process are for every local user to see, and a camera's URL holds its password. On Linux and macOS
// the title takes their place. The rest of the program is loaded after that, because loading it takes a while.
const [, , ...args] = process.argv;
const shown = args.map((arg) => redact(redactUrl(arg)));
if (shown.join(' ') !== args.join(' ')) process.title = ['sightline', ...shown].join(' ');
const { runCli } = await import('./commands/cli.js');
process.exitCode = await runCli(process.argv);
