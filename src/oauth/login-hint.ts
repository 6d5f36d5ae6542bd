import { createHash } from 'node:crypto';

/** A login hint as a tag may hold it: whoever lists secrets reads their tags, so not the name itself. 22 characters. */
export function loginHintHash(account: string, loginHint: string): string {
  const text = JSON.stringify(['login-hint', account, loginHint.toLowerCase()]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
