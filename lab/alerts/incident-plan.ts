import { blockedAccounts, lostConsents, strangeAnswers } from './account-incidents.ts';
import { endingSecrets, rejectedClients } from './client-incidents.ts';
import type { Stage, StagedIncident } from './incident.ts';
import { appIncidents, providerIncidents, vaultIncidents } from './outage-incidents.ts';

const sources: readonly ((stage: Stage) => StagedIncident[])[] = [
  lostConsents,
  blockedAccounts,
  strangeAnswers,
  rejectedClients,
  endingSecrets,
  providerIncidents,
  vaultIncidents,
  appIncidents,
];

/** The incidents of the month, in no order. Those of one day overlap. */
export function incidentPlan(stage: Stage): StagedIncident[] {
  return sources.flatMap((incidentsOf) => incidentsOf(stage));
}
