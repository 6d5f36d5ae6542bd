import assert from 'node:assert/strict';
import { type Config, ConfigurationError, parseConfig, type SettingFault } from '../src/config.ts';

/** The settings without which nothing works. */
export const leastSettings = {
  CREDENTIALS_VAULT_URL: 'https://credentials.vault.azure.net',
  TOKENS_VAULT_URL: 'https://tokens.vault.azure.net',
};

type Settings = Readonly<Record<string, string | undefined>>;

/** The settings over the least ones. */
export const parseSettings = (settings: Settings, hostFunctionTimeout = '00:30:00'): Config =>
  parseConfig({ ...leastSettings, ...settings }, hostFunctionTimeout);

/** What is wrong with the settings over the least ones. */
export function faultsOf(settings: Settings, hostFunctionTimeout?: string): readonly SettingFault[] {
  try {
    parseSettings(settings, hostFunctionTimeout);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    assert.equal(error.code, 'configuration_invalid');
    return error.faults;
  }
}
