export type ScalarType = 'bool' | 'datetime' | 'dynamic' | 'int' | 'long' | 'real' | 'string' | 'timespan';

export interface TableColumn {
  readonly name: string;
  readonly type: ScalarType;
}

export interface TableSchema {
  readonly name: string;
  readonly columns: readonly TableColumn[];
}

type Columns = Readonly<Partial<Record<ScalarType, string>>>;

/** Columns of every table of a workspace. */
const standard: Columns = {
  datetime: 'TimeGenerated',
  real: '_BilledSize',
  string: '_IsBillable _ResourceId _SubscriptionId SourceSystem TenantId Type',
};

/** Columns of every table of Application Insights. */
const application: Columns = {
  string: `AppRoleInstance AppRoleName AppVersion ClientBrowser ClientCity ClientCountryOrRegion ClientIP ClientModel
    ClientOS ClientStateOrProvince ClientType IKey OperationId OperationName ParentId ResourceGUID SDKVersion SessionId
    SyntheticSource UserAccountId UserAuthenticatedId UserId`,
  int: 'ItemCount',
  dynamic: 'Properties',
};

function table(name: string, ...parts: readonly Columns[]): TableSchema {
  const columns = parts.flatMap((part) =>
    Object.entries(part).flatMap(([type, names]) =>
      names.split(/\s+/).map((column): TableColumn => ({ name: column, type: type as ScalarType })),
    ),
  );
  return { name, columns };
}

/**
 * The Log Analytics tables that our queries may read, with the columns and types that Microsoft documents:
 * https://learn.microsoft.com/azure/azure-monitor/reference/tables/appevents and its neighbours.
 */
export const tableSchemas: readonly TableSchema[] = [
  table('AppEvents', standard, application, { string: 'Name', dynamic: 'Measurements' }),
  table('AppTraces', standard, application, {
    string: 'Message ReferencedItemId ReferencedType',
    int: 'SeverityLevel',
    dynamic: 'Measurements',
  }),
  table('AppExceptions', standard, application, {
    string: `Assembly ExceptionType HandledAt InnermostAssembly InnermostMessage InnermostMethod InnermostType Message
      Method OuterAssembly OuterMessage OuterMethod OuterType ProblemId`,
    int: 'SeverityLevel',
    dynamic: 'Details Measurements',
  }),
  table('AppDependencies', standard, application, {
    string: 'Data DependencyType Id Name ReferencedItemId ReferencedType ResultCode Target',
    real: 'DurationMs',
    bool: 'Success',
    dynamic: 'Measurements',
  }),
  table('AppRequests', standard, application, {
    string: 'Id Name ReferencedItemId ReferencedType ResultCode Source Url',
    real: 'DurationMs',
    bool: 'Success',
    dynamic: 'Measurements',
  }),
  table('AppMetrics', standard, application, { string: 'Name', real: 'Max Min Sum' }),
  table('AppAvailabilityResults', standard, application, {
    string: 'Id Location Message Name',
    real: 'DurationMs Size',
    bool: 'Success',
    dynamic: 'Measurements',
  }),
  table('AzureActivity', standard, {
    datetime: 'EventSubmissionTimestamp',
    string: `ActivityStatusValue ActivitySubstatusValue Caller CallerIpAddress CategoryValue CorrelationId EventDataId
      Hierarchy Level OperationId OperationNameValue ResourceGroup ResourceProviderValue SubscriptionId`,
    dynamic: 'Authorization_d Claims_d Properties_d',
  }),
];
