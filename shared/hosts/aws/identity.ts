/** Who this function is and where: on Lambda the environment says it for the life of the process. */
import type { AwsCredentials } from '../../stores/sigV4.ts'
import { env, requiredEnv } from '../env.ts'

/** The region and the credentials of the environment. Throws when one is missing. */
export function identity(): { region: string; credentials: AwsCredentials } {
  const credentials = {
    accessKeyId: requiredEnv('AWS_ACCESS_KEY_ID'),
    secretAccessKey: requiredEnv('AWS_SECRET_ACCESS_KEY'),
    sessionToken: env('AWS_SESSION_TOKEN'),
  }
  return { region: requiredEnv('AWS_REGION'), credentials }
}
