/** The resources that are made of tables instead of written down. */
import { alarms } from './alarms.ts'
import { dashboard } from './dashboard.ts'
import { roles } from './roles.ts'

/** For serverless.yml: `${file(deploy/resources.cjs):generated}`. */
export const generated = { Resources: { ...roles(), ...alarms(), ...dashboard() } }
