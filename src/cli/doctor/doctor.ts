import { buildAccounts, wantedNames } from '../../accounts/account.ts';
import { SweepState } from '../../refresh/environment.ts';
import { type Preparation, prepareAccount } from '../../refresh/prepare-account.ts';
import { Sensitive } from '../../sensitive.ts';
import { readSnapshot } from '../../status/snapshot.ts';
import type { ListedVaults } from '../../sweep/listing.ts';
import { isoTime } from '../../time.ts';
import { ignoringVaultErrors } from '../../vault/secret-vault.ts';
import { readJson } from '../input.ts';
import { aFewAtATime, withProgress } from '../progress.ts';
import { type CommandResult, exitCodes } from '../result.ts';
import type { CommonOptions, Session } from '../session.ts';
import type { Terminal, Tone } from '../terminal.ts';
import { accountFindings } from './account-checks.ts';
import type { Finding, Level } from './finding.ts';
import { appSettings, vaultRoles, writeBudget } from './settings-checks.ts';
import {
  examineVaults,
  expiryFindings,
  ownSignIn,
  timer,
  type VaultFacts,
  vaultFindings,
} from './vault-checks.ts';

/** Reads each registration and its client's credential as a sweep would, as far as the reader's rights go. */
async function prepareAll(session: Session, ids: readonly string[]): Promise<Map<string, Preparation>> {
  const { environment } = session;
  // This machine has not the app's identity; whether that one works, only the app's sweeps can tell.
  const withoutIdentity = { ...environment, identityToken: async () => new Sensitive('not asked for') };
  const state = new SweepState(withoutIdentity, environment.createId());
  const prepared = new Map<string, Preparation>();
  await aFewAtATime(ids, async (id) => {
    const preparation = await ignoringVaultErrors(prepareAccount(state, id));
    if (preparation !== undefined) prepared.set(id, preparation);
  });
  return prepared;
}

async function examineAccounts(session: Session, listed: ListedVaults): Promise<Finding[]> {
  const { environment, config } = session;
  const now = session.now();
  const accounts = buildAccounts(listed.credentials, listed.tokens);
  const readable = accounts.filter(({ registration }) => registration?.enabled === true);
  const preparations = await prepareAll(
    session,
    readable.map(({ id }) => id),
  );
  const snapshot = await readSnapshot(environment, listed);
  const active = readable.filter(({ refreshToken }) => refreshToken?.enabled === true);
  const tokens = active.flatMap(wantedNames).length;
  return [
    ...timer(snapshot.lastSweep?.completedAt, snapshot.overdue),
    ...expiryFindings(listed, now),
    ...accountFindings({ listed, accounts: snapshot.accounts, preparations }, now),
    writeBudget(config, tokens, now),
  ];
}

async function examine(session: Session, vaults: readonly VaultFacts[]): Promise<Finding[]> {
  const [credentials, tokens] = [vaults[0]?.secrets, vaults.at(-1)?.secrets];
  const ofAccounts = credentials && tokens ? await examineAccounts(session, { credentials, tokens }) : [];
  const ofVaults = vaults.flatMap((vault) => [...vaultFindings(vault, session.now())]);
  return [ownSignIn(session.environment.signedInWith()), ...ofVaults, ...ofAccounts];
}

const tones: Readonly<Record<Level, Tone>> = { problem: 'bad', warning: 'wait', note: 'quiet' };

function line(terminal: Terminal, { level, where, what, remedy }: Finding): string {
  const head = `${terminal.paint(tones[level], level.padEnd(7))}  ${where}: ${what}`;
  return remedy === undefined ? head : `${head}\n         → ${remedy}`;
}

const order = ['problem', 'warning', 'note'] as const;

interface DoctorOptions extends CommonOptions {
  readonly appSettings?: string | undefined;
}

/** Looks at everything that can be looked at without a change or a redemption. */
export async function doctor(session: Session, options: DoctorOptions): Promise<CommandResult> {
  const { terminal, environment, config } = session;
  const settings =
    options.appSettings === undefined ? undefined : await readJson(terminal, options.appSettings);
  const vaults = await withProgress(terminal, 'Looking at the vaults', examineVaults(session));
  const examined = await withProgress(terminal, 'Looking at the accounts', examine(session, vaults));
  const unordered = [...examined, ...vaultRoles(config), ...appSettings(settings, config)];
  const findings = order.flatMap((level) => unordered.filter((finding) => finding.level === level));
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const counts = { problem: count('problem'), warning: count('warning'), note: count('note') };
  const unread = vaults.some(({ listError, getError }) => (listError ?? getError) !== undefined);
  const human = counts.problem + counts.warning > 0 ? exitCodes.needsHuman : exitCodes.fine;
  return {
    exitCode: unread ? exitCodes.unreachable : human,
    json: {
      checkedAt: isoTime(session.now()),
      signedInWith: environment.signedInWith() ?? null,
      counts,
      findings,
    },
    text: [
      ...findings.map((finding) => line(terminal, finding)),
      `Problems: ${counts.problem}, warnings: ${counts.warning}, notes: ${counts.note}. Nothing was changed or redeemed.`,
    ].join('\n'),
  };
}
