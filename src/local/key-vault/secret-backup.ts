import { z } from 'zod';
import { Sensitive } from '../../sensitive.ts';
import { SecretHistory, type SecretVersion } from './secret-history.ts';
import { badParameter } from './vault-refusal.ts';

/** Key Vault backs up at most this many versions of one object. */
export const maximumBackupVersions = 500;

const backupSchema = z.object({
  name: z.string(),
  versions: z
    .array(
      z.object({
        name: z.string(),
        version: z.string(),
        value: z.string().transform((value) => new Sensitive(value)),
        contentType: z.string().exactOptional(),
        tags: z.record(z.string(), z.string()),
        enabled: z.boolean(),
        createdAt: z.number(),
        updatedAt: z.number(),
        notBefore: z.number().exactOptional(),
        expiresAt: z.number().exactOptional(),
      }),
    )
    .min(1),
});

/** All versions of a secret as one text in base64url. assumed: what is inside; the service encrypts it. */
export function encodeBackup(history: SecretHistory): string {
  const versions = history.inOrderOfCreation().map(revealed);
  return Buffer.from(JSON.stringify({ name: history.name, versions })).toString('base64url');
}

function revealed(version: SecretVersion): object {
  return { ...version, value: version.value.reveal() };
}

/** Throws `BadParameter` for a text that {@link encodeBackup} did not make. */
export function decodeBackup(backup: string): SecretHistory {
  const parsed = backupSchema.safeParse(jsonOf(Buffer.from(backup, 'base64url').toString()));
  if (!parsed.success) throw badParameter('Backup blob contains invalid or corrupt version.');
  const history = new SecretHistory(parsed.data.name);
  for (const version of parsed.data.versions) history.add(version);
  return history;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
