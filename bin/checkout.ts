import { main } from '../src/cli/main.ts';

// The command line of a checkout: the only one that knows the local environment, and only when --local asks for it.
await main(async () => (await import('../local/command-line.ts')).startSampleAccounts());
