/** The words of the permission table: actions of AWS, and what of ours they are allowed on. */

/** Row kinds: the first part of a partition key (docs/data-model.md). */
export type RowKind =
  | 'ACCOUNT'
  | 'GRANT'
  | 'KEY'
  | 'BOOTSTRAP'
  | 'TOKEN'
  | 'UPL'
  | 'HASH'
  | 'LIB'
  | 'MAT'
  | 'MED'
  | 'MEDX'
  | 'MEDF'
  | 'OPENID'
  | 'ERASE'
  | 'PARK'
  | 'IDEM'
  | 'MSG'
  | 'NONCE'
  | 'PRIME'
/** Queues of the due-time index. */
export type Queue =
  | 'token'
  | 'upload'
  | 'mirror'
  | 'mirror-again'
  | 'mirror-last'
  | 'retention'
  | 'fault'
  | 'message'
  | 'push'
/** Prefixes of the bucket. */
export type Prefix = 'in' | 'store'
/** What is sealed in an account's row. */
export type Secret = 'app_secret' | 'callback' | 'openid'

type RowAction = 'GetItem' | 'PutItem' | 'DeleteItem' | 'Query'
type ObjectAction = 'GetObject' | 'PutObject' | 'DeleteObject'

/** An action of AWS and what it is allowed on. */
export type Grant =
  | readonly [`dynamodb:${RowAction}`, `rows/${RowKind}`]
  | readonly ['dynamodb:Query', `due/${Queue}`]
  | readonly [`s3:${ObjectAction}`, `objects/${Prefix}`]
  | readonly ['s3:ListBucket', 'bucket']
  | readonly ['kms:Encrypt' | 'kms:Decrypt', `secret/${Secret}`]
  | readonly ['lambda:InvokeFunction', `function/${string}`]
  | readonly ['sqs:SendMessage', 'failures']
  | readonly ['logs:CreateLogStream' | 'logs:PutLogEvents', 'log']
  | readonly [`ec2:${string}`, '*']

/** Single-row actions on a kind of rows. */
export const rows = (kind: RowKind, ...actions: RowAction[]): Grant[] =>
  actions.map(action => [`dynamodb:${action}`, `rows/${kind}`])
/** The due rows of a queue. */
export const due = (queue: Queue): Grant => ['dynamodb:Query', `due/${queue}`]
/** Nothing is ever listed, but without s3:ListBucket S3 answers 403 in the place of 404. */
export const readObjects = (prefix: Prefix): Grant[] => [
  ['s3:GetObject', `objects/${prefix}`],
  ['s3:ListBucket', 'bucket'],
]
/** Actions on the objects below a prefix. */
export const objects = (prefix: Prefix, ...actions: ObjectAction[]): Grant[] =>
  actions.map(action => [`s3:${action}`, `objects/${prefix}`])
/** Calling one function of this service. */
export const calls = (id: string): Grant => ['lambda:InvokeFunction', `function/${id}`]
