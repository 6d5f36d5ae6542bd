import type { LocalWorld } from '../../local/local-world.ts';

/** Every token and client secret that either vault has ever held. */
export function secretValues({ credentials, tokens }: LocalWorld): string[] {
  const versions = [credentials, tokens].flatMap((state) => [...state.snapshot().active.values()].flat());
  const secret = versions.filter(({ name }) => !/^(account|refresher)-/i.test(name));
  return [...new Set(secret.map(({ value }) => value.reveal()))];
}
