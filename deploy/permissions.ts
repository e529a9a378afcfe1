/**
 * What each function may do in the AWS account: the table (function, action, resource). The roles of serverless.yml are
 * made of it, and tests hold it against the packaged template and against what the functions really do.
 */
import { calls, due, type Grant, objects, readObjects, rows } from './grants.ts'

/** Every function writes its own log. */
const LOG: readonly Grant[] = [
  ['logs:CreateLogStream', 'log'],
  ['logs:PutLogEvents', 'log'],
]
/** No row: what INIT asks the table for (shared/hosts/lambda/prime.ts). */
const PRIME = rows('PRIME', 'GetItem')
/** Who asks, and for which account. */
const KEY = rows('KEY', 'GetItem')
const DOOR = [...KEY, ...rows('ACCOUNT', 'GetItem')]
/** The answer kept for an Idempotency-Key. */
const ONCE = rows('IDEM', 'PutItem', 'DeleteItem')
/** Calls of WeChat: the token, what is parked or degraded, and the refresher when there is no token. */
const WECHAT = [...rows('TOKEN', 'GetItem'), ...rows('PARK', 'Query', 'PutItem', 'DeleteItem'), calls('refreshToken')]
/** Faults and parked calls of an account, taken away. */
const FORGET = rows('PARK', 'Query', 'DeleteItem')
/** Work that nobody waits for: what fails for good goes to the failure queue. */
const JOB: readonly Grant[] = [['sqs:SendMessage', 'failures']]
/** Temporary media, and the rows that find them in other orders. */
const TRACKED = [...rows('MED', 'GetItem', 'PutItem'), ...rows('MEDX', 'PutItem'), ...rows('MEDF', 'PutItem')]
/** For whoever says how old a media is: one that was tracked without its age moves in the order of expiry. */
const AGED = rows('MEDX', 'GetItem', 'DeleteItem')
/** An account's settings of the message push. */
const CALLBACK: readonly Grant[] = [...rows('ACCOUNT', 'GetItem'), ['kms:Decrypt', 'secret/callback']]
/** Copies of WeChat's files. */
const COPIES = [...readObjects('store'), ...objects('store', 'PutObject', 'DeleteObject')]

/** Who answers for which bytes; the claim of a rejected upload is given back. */
const BYTES = rows('HASH', 'GetItem', 'PutItem', 'DeleteItem')

/** How full the library is. */
const COUNTS = rows('LIB', 'GetItem', 'PutItem')

/** The table: everything beside its own log that a function may do, by its id. */
export const PERMISSIONS: Readonly<Record<string, readonly Grant[]>> = {
  uploadTemporaryMedia: [...DOOR, ...ONCE, ...WECHAT, ...TRACKED, ...AGED, ...COPIES],
  uploadMaterial: [
    ...DOOR,
    ...ONCE,
    ...WECHAT,
    ...BYTES,
    ...COUNTS,
    ...rows('UPL', 'GetItem', 'PutItem', 'DeleteItem'),
  ],
  createArticle: [...DOOR, ...ONCE, ...WECHAT, ...rows('MAT', 'PutItem'), ...rows('MED', 'GetItem')],
  updateArticle: [...DOOR, ...WECHAT, ...rows('MAT', 'GetItem'), ...rows('MED', 'GetItem')],
  uploadArticleImage: [...DOOR, ...ONCE, ...WECHAT],
  getMaterialStats: [...DOOR, ...WECHAT],
  listMaterials: [...DOOR, ...WECHAT],
  getMaterial: [
    ...DOOR,
    ...WECHAT,
    ...rows('MAT', 'GetItem', 'PutItem'),
    ...rows('HASH', 'GetItem'),
    ...rows('UPL', 'GetItem'),
    ...COPIES,
  ],
  getTemporaryMedia: [
    ...DOOR,
    ...WECHAT,
    ...TRACKED,
    ...COPIES,
    ...readObjects('in'),
    ...objects('in', 'DeleteObject'),
  ],
  listTemporaryMedia: [...DOOR, ...rows('MEDX', 'Query'), ...rows('MED', 'GetItem'), ...readObjects('store')],
  trackTemporaryMedia: [...DOOR, ...ONCE, ...TRACKED, ...AGED, ...readObjects('store')],
  renewTemporaryMedia: [
    ...DOOR,
    ...ONCE,
    ...WECHAT,
    ...TRACKED,
    ...AGED,
    ...COPIES,
    ...readObjects('in'),
    ...objects('in', 'DeleteObject'),
  ],
  eraseFanMedia: [
    ...DOOR,
    ...ONCE,
    ...TRACKED,
    ...rows('MEDF', 'Query', 'GetItem', 'DeleteItem'),
    ...rows('OPENID', 'GetItem', 'PutItem'),
    ...rows('ERASE', 'GetItem', 'PutItem'),
    ['kms:Encrypt', 'secret/openid'],
    ['kms:Decrypt', 'secret/openid'],
    ...objects('store', 'DeleteObject'),
    ...objects('in', 'DeleteObject'),
  ],
  deleteMaterial: [...DOOR, ...WECHAT, ...rows('MAT', 'GetItem', 'DeleteItem'), ...objects('store', 'DeleteObject')],

  createUpload: [
    ...DOOR,
    ...ONCE,
    ...WECHAT,
    ...COUNTS,
    ...rows('HASH', 'GetItem'),
    ...rows('UPL', 'GetItem', 'PutItem'),
    ...objects('in', 'PutObject'),
  ],
  getUpload: [...DOOR, ...rows('UPL', 'GetItem')],
  listUploads: [...DOOR, ...rows('UPL', 'Query')],
  renewUploadUrl: [...DOOR, ...ONCE, ...rows('UPL', 'GetItem', 'PutItem'), ...objects('in', 'PutObject')],
  completeUpload: [
    ...DOOR,
    ...ONCE,
    ...rows('UPL', 'GetItem', 'PutItem'),
    ...readObjects('in'),
    calls('forwardUpload'),
  ],
  retryUpload: [
    ...DOOR,
    ...ONCE,
    ...rows('UPL', 'GetItem', 'PutItem'),
    ...readObjects('in'),
    calls('forwardUpload'),
    calls('sweepUploads'),
  ],

  listAccounts: [...KEY, ...rows('ACCOUNT', 'Query'), ...rows('TOKEN', 'GetItem'), ...rows('PARK', 'Query')],
  getAccount: [...DOOR, ...WECHAT, ...rows('MEDX', 'Query')],
  putAccount: [
    ...DOOR,
    ...rows('ACCOUNT', 'PutItem'),
    ...rows('TOKEN', 'GetItem', 'PutItem'),
    ...FORGET,
    ['kms:Encrypt', 'secret/app_secret'],
    ['kms:Encrypt', 'secret/callback'],
    calls('refreshToken'),
    calls('sweepUploads'),
  ],
  deleteAccount: [...DOOR, ...rows('ACCOUNT', 'DeleteItem'), ...rows('TOKEN', 'GetItem', 'DeleteItem'), ...FORGET],
  refreshAccountToken: [...DOOR, ...FORGET, calls('refreshToken'), calls('sweepUploads')],
  createKey: rows('KEY', 'GetItem', 'PutItem', 'DeleteItem', 'Query'),
  listKeys: rows('KEY', 'GetItem', 'Query'),
  deleteKey: rows('KEY', 'GetItem', 'PutItem', 'DeleteItem', 'Query'),
  verifyCallback: CALLBACK,
  receiveMessage: [
    ...CALLBACK,
    ...rows('MSG', 'PutItem'),
    ...rows('NONCE', 'PutItem'),
    calls('archiveMessage'),
    calls('forwardMessage'),
  ],
  healthz: [],
  openapi: [],
  docs: [],

  putGrant: [...JOB, ...rows('GRANT', 'GetItem', 'PutItem', 'DeleteItem')],
  bootstrap: [...JOB, ...rows('BOOTSTRAP', 'GetItem', 'PutItem'), ...rows('KEY', 'GetItem', 'PutItem', 'DeleteItem')],
  forwardUpload: [
    ...JOB,
    ...WECHAT,
    ...BYTES,
    ...COUNTS,
    ...rows('ACCOUNT', 'GetItem'),
    ...rows('UPL', 'GetItem', 'PutItem'),
    ...readObjects('in'),
    ...objects('in', 'DeleteObject'),
    ...TRACKED,
    ...AGED,
  ],
  mirrorTemporaryMedia: [
    ...JOB,
    ...WECHAT,
    due('mirror'),
    due('mirror-again'),
    due('mirror-last'),
    due('retention'),
    ...rows('ERASE', 'GetItem', 'PutItem'),
    ...rows('ACCOUNT', 'GetItem'),
    ...TRACKED,
    ...rows('MED', 'DeleteItem'),
    ...rows('MEDX', 'GetItem', 'DeleteItem'),
    ...rows('MEDF', 'Query', 'GetItem', 'DeleteItem'),
    ...COPIES,
    ...readObjects('in'),
    ...objects('in', 'DeleteObject'),
    calls('mirrorTemporaryMedia'),
  ],
  sweepUploads: [
    ...JOB,
    ...WECHAT,
    due('upload'),
    ...BYTES,
    due('fault'),
    ...rows('ACCOUNT', 'GetItem'),
    ...rows('UPL', 'GetItem', 'PutItem'),
    ...readObjects('in'),
    calls('forwardUpload'),
  ],
  archiveMessage: [
    ...JOB,
    due('message'),
    ...rows('MSG', 'GetItem', 'PutItem'),
    ...TRACKED,
    ...AGED,
    ...rows('OPENID', 'GetItem', 'PutItem'),
    ...rows('ERASE', 'GetItem'),
    ['kms:Encrypt', 'secret/openid'],
    ['kms:Decrypt', 'secret/openid'],
    calls('mirrorTemporaryMedia'),
    calls('forwardMessage'),
  ],
  forwardMessage: [
    ...JOB,
    ...CALLBACK,
    due('push'),
    ...rows('MSG', 'GetItem', 'PutItem'),
    ...rows('OPENID', 'GetItem'),
    ...rows('ERASE', 'GetItem'),
    ['kms:Decrypt', 'secret/openid'],
  ],
  refreshToken: [
    ...JOB,
    due('token'),
    ...rows('ACCOUNT', 'GetItem'),
    ...rows('TOKEN', 'GetItem', 'PutItem'),
    ['kms:Decrypt', 'secret/app_secret'],
  ],
}

/** Lambda makes the network interface of a function with fixed egress; AWS knows no narrower resource for it. */
const NETWORK: readonly Grant[] = [
  ['ec2:CreateNetworkInterface', '*'],
  ['ec2:DescribeNetworkInterfaces', '*'],
  ['ec2:DescribeSubnets', '*'],
  ['ec2:DeleteNetworkInterface', '*'],
  ['ec2:AssignPrivateIpAddresses', '*'],
  ['ec2:UnassignPrivateIpAddresses', '*'],
]

/** What a function may do only where fixed egress is chosen. */
export const EGRESS_PERMISSIONS: Readonly<Record<string, readonly Grant[]>> = { refreshToken: NETWORK }

/** Every bare `*` that a role may have, and why. */
export const WILDCARDS: readonly { function: string; action: string; reason: string }[] = NETWORK.map(([action]) => ({
  function: 'refreshToken',
  action,
  reason: 'Interfaces have no ARN before they exist; the role denies them to code that runs inside the function.',
}))

/** All that a function may do in every deployment. Throws for a function without a row in the table. */
export function grantsOf(id: string): readonly Grant[] {
  const own = PERMISSIONS[id]
  if (!own) throw new Error(`${id} has no row in deploy/permissions.ts`)
  const asks = own.some(([action]) => action.startsWith('dynamodb:'))
  const unique = new Map([...LOG, ...(asks ? PRIME : []), ...own].map(grant => [grant.join(' '), grant]))
  return [...unique.values()]
}
