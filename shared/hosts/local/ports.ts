/** The ports of AWS, at which the process can be made to stop. */
import { objects as awsObjects } from '../aws/objects.ts'
import { table as awsTable } from '../aws/table.ts'
import { wechat as awsWeChat } from '../aws/wechat.ts'
import { credentials as plainCredentials } from '../credentials.ts'
import { once } from '../once.ts'
import { stoppingCredentials, stoppingObjects, stoppingTable, stoppingWeChat } from './stopPoints.ts'

/** Rows in the embedded table server. */
export const table = once(() => stoppingTable(awsTable()))

/** Objects in the embedded object server. */
export const objects = once(() => stoppingObjects(awsObjects()))

/** WeChat, or its simulator. */
export const wechat = once(() => stoppingWeChat(awsWeChat()))

/** The token endpoints. */
export const credentials = once(() => stoppingCredentials(plainCredentials()))
