import type { Sensitive } from '../../src/sensitive.ts';
import type { SecretChange } from './secret-history.ts';
import { badParameter } from './vault-refusal.ts';

/** Key Vault: "25k bytes"; its refusal names 25600 (Azure/azure-cli #5639). */
const maximumValueBytes = 25 * 1024;
const maximumContentTypeLength = 255;
const maximumTags = 15;
const maximumTagLength = 512;

/** Throws `BadParameter` for a name that Key Vault does not accept (aspnet/MicrosoftConfigurationBuilders #22). */
export function checkName(name: string): void {
  if (!/^[0-9a-zA-Z-]{1,127}$/.test(name)) {
    throw badParameter(`The request URI contains an invalid name: ${name}`);
  }
}

/** Throws `BadParameter` for a value that is too large. */
export function checkValue(value: Sensitive): void {
  if (Buffer.byteLength(value.reveal()) > maximumValueBytes) {
    throw badParameter(`Secret is beyond the maximum permitted length of ${maximumValueBytes} characters.`);
  }
}

/** Throws `BadParameter` for a content type or tags beyond their limits. assumed: the wording. */
export function checkAttributes(change: SecretChange): void {
  if ((change.contentType?.length ?? 0) > maximumContentTypeLength) {
    throw badParameter(`The content type exceeds ${maximumContentTypeLength} characters.`);
  }
  const tags = Object.entries(change.tags ?? {});
  if (tags.length > maximumTags) throw badParameter(`A secret cannot have more than ${maximumTags} tags.`);
  if (tags.some(([name, value]) => name.length > maximumTagLength || value.length > maximumTagLength)) {
    throw badParameter(`A tag's name or value exceeds ${maximumTagLength} characters.`);
  }
}
