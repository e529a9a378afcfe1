/** `examples/miniprogram/sucai.js` with a `wx` that answers from a list. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const SOURCE = readFileSync(new URL('../../examples/miniprogram/sucai.js', import.meta.url), 'utf8')
const PICTURE = { path: 'wxfile://海边.png', size: 3, filename: '海边.png' }

/** Uploads a picture; `states` are what `getUpload` answers one after the other. */
async function upload(states: string[]): Promise<unknown> {
  const left = [...states]
  const answers: Record<string, () => object> = {
    createUpload: () => ({ upload_id: 'u1', headers: { key: 'in%2Fwx%2Fu1.png' } }),
    completeUpload: () => ({}),
    getUpload: () => ({ upload_id: 'u1', state: left.shift(), media_id: 'M' }),
  }
  const callFunction = async ({ data }: { data: { operation: string } }) => ({
    result: { data: answers[data.operation]?.() },
  })
  const module: { exports: { uploadPicture?: (appId: string, picture: object) => Promise<unknown> } } = { exports: {} }
  new Function('wx', 'module', SOURCE)({ cloud: { callFunction, uploadFile: async () => ({}) } }, module)
  return module.exports.uploadPicture?.('wx0123456789abcdef', PICTURE)
}

it.each([[['STORED']], [['UPLOADED', 'SENDING', 'STORED']], [['SENDING', 'UNKNOWN', 'STORED']]])(
  'the example of a mini program waits through %j, for the service finds out what became of an upload',
  async states => expect(await upload(states)).toMatchObject({ state: 'STORED', media_id: 'M' }),
)

it.each(['REJECTED', 'PARKED', 'EXPIRED'])('the example of a mini program ends with %s', async state =>
  expect(upload([state])).rejects.toMatchObject({ code: state }),
)
