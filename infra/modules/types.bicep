@export()
@description('Somebody who may read all access tokens.')
type tokenReader = {
  @description('Object id of the principal.')
  @minLength(36)
  @maxLength(36)
  principalId: string

  @description('What the principal is. A managed identity is a ServicePrincipal.')
  principalType: 'Group' | 'ServicePrincipal' | 'User'
}

@export()
@description('A webhook that takes alerts and proves its caller with Entra. One with a key in its address is a secret: put it into an action group of your own.')
type alertWebhook = {
  @description('Name of the receiver.')
  @minLength(1)
  name: string

  @description('Address, without any key in it.')
  @minLength(9)
  serviceUri: string

  @description('Object id of the app registration that stands for the webhook.')
  objectId: string

  @description('Identifier URI of that app registration.')
  identifierUri: string
}

@export()
@description('Instances that are always running, for one group of functions.')
type alwaysReadyInstances = {
  @description('http for the pages and tools, function:refreshTokens for the timer.')
  name: string

  @description('How many instances.')
  @minValue(1)
  @maxValue(1000)
  instanceCount: int
}

@export()
@description('Tags of every resource.')
type tags = {
  @description('Value of the tag.')
  *: string
}
