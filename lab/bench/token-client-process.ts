import { trustInThisProcess } from '../../local/key-vault/loopback-certificate.ts';
import { sampleTenant } from '../../local/local-world.ts';
import { answerParent } from './child-process.ts';
import type { Redeem, RedemptionSubject, TokenClient } from './token-clients.ts';
import type { CannedEndpoint } from './token-endpoint-process.ts';

interface Load {
  /** Redemptions in flight. */
  readonly concurrency: number;
  readonly milliseconds: number;
}

export interface Cost {
  readonly redemptions: number;
  /** Of all threads of the client's process, user and system. */
  readonly cpuMilliseconds: number;
  readonly elapsedMilliseconds: number;
}

interface ClientPreparation extends CannedEndpoint {
  readonly client: TokenClient;
  readonly warmUpRedemptions: number;
}

let redeem: Redeem = () => Promise.reject(new Error('not prepared'));

/** Redeems with so many in flight, again and again while `goesOn` says so; gives how often. */
async function redeemWhile(goesOn: (begun: number) => boolean, concurrency: number): Promise<number> {
  let begun = 0;
  const work = async (): Promise<void> => {
    while (goesOn(begun)) {
      begun += 1;
      await redeem();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return begun;
}

/**
 * Loads one client and nothing of the others: loading undici makes its pool the one that the global `fetch`, and
 * with it MSAL, goes through.
 */
async function createTokenClient(name: TokenClient, subject: RedemptionSubject): Promise<Redeem> {
  switch (name) {
    case 'undici.request':
      return (await import('./token-client-bare.ts')).createBareClient(subject);
    case 'this project':
      return (await import('./token-client-own.ts')).createOwnClient(subject);
    case '@azure/msal-node':
      return (await import('./token-client-msal.ts')).createMsalClient(subject);
    default:
      return name satisfies never;
  }
}

async function prepare(preparation: ClientPreparation): Promise<void> {
  const { certificate, client, origin, refreshToken, warmUpRedemptions } = preparation;
  trustInThisProcess(certificate);
  redeem = await createTokenClient(client, {
    origin,
    tenant: sampleTenant,
    clientId: '6731de76-14a6-49ae-97bc-6eba6914391e',
    clientSecret: 'a~client~secret.of~forty~characters~0000',
    scope: 'https://graph.microsoft.com/User.Read',
    refreshToken,
  });
  await redeemWhile((begun) => begun < warmUpRedemptions, 16);
}

async function measure({ concurrency, milliseconds }: Load): Promise<Cost> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const endsAt = startedAt + milliseconds;
  const redemptions = await redeemWhile(() => performance.now() < endsAt, concurrency);
  const { user, system } = process.cpuUsage(cpuBefore);
  const elapsedMilliseconds = performance.now() - startedAt;
  return { redemptions, cpuMilliseconds: (user + system) / 1000, elapsedMilliseconds };
}

const procedures = { prepare, measure };
export type TokenClientProcedures = typeof procedures;
answerParent(procedures);
