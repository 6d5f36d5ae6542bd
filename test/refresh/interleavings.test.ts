import { describe, test } from 'node:test';
import { aloneOf, type Interleaving, interleavingOf, runInterleaving } from './interleavings.ts';

/** As many as a quick run bears; `INTERLEAVINGS=10000 npm test -- test/refresh/interleavings.test.ts` runs more. */
const count = Number(process.env['INTERLEAVINGS'] ?? 100);
const firstSeed = Number(process.env['INTERLEAVINGS_SEED'] ?? 1);

async function runAll(of: (seed: number) => Interleaving): Promise<void> {
  const failed: string[] = [];
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const interleaving = of(seed);
    try {
      await runInterleaving(interleaving);
    } catch (error) {
      const { actors, tokens } = interleaving;
      failed.push(`seed ${seed}: ${actors.join(', ')}; ${tokens} token(s): ${String(error)}`);
    }
  }
  if (failed.length > 0) throw new Error(`${failed.length} of ${count}:\n${failed.slice(0, 20).join('\n')}`);
}

describe('whatever two sweeps, consents and operators do to one account at once', () => {
  for (const server of ['lenient', 'strict', 'reuse_detection'] as const) {
    test(`under a ${server} server: ${count} from seed ${firstSeed}`, () =>
      runAll((seed) => interleavingOf(seed, server)));
  }

  test(`one sweep alone ends no grant under reuse detection: ${count} from seed ${firstSeed}`, () =>
    runAll(aloneOf));
});
