/** The functions of WeChat Cloud over a world's ports, and what the platform calls them with. */
import { vi } from 'vitest'
import { completeUpload } from '../../functions/completeUpload.ts'
import { createArticle } from '../../functions/createArticle.ts'
import { createUpload } from '../../functions/createUpload.ts'
import { deleteMaterial } from '../../functions/deleteMaterial.ts'
import { getMaterial } from '../../functions/getMaterial.ts'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { getTemporaryMedia } from '../../functions/getTemporaryMedia.ts'
import { getUpload } from '../../functions/getUpload.ts'
import { healthz } from '../../functions/healthz.ts'
import { listMaterials } from '../../functions/listMaterials.ts'
import { listUploads } from '../../functions/listUploads.ts'
import { refreshToken } from '../../functions/refreshToken.ts'
import { renewUploadUrl } from '../../functions/renewUploadUrl.ts'
import { retryUpload } from '../../functions/retryUpload.ts'
import { sweepUploads } from '../../functions/sweepUploads.ts'
import { updateArticle } from '../../functions/updateArticle.ts'
import { uploadArticleImage } from '../../functions/uploadArticleImage.ts'
import { uploadMaterial } from '../../functions/uploadMaterial.ts'
import { uploadTemporaryMedia } from '../../functions/uploadTemporaryMedia.ts'
import type { Job, Operation } from '../../shared/core/operation.ts'
import type { PortName, Wiring } from '../../shared/core/ports.ts'
import { type CloudFunction, serve, serveOpen } from '../../shared/hosts/wxcloud/serve.ts'
import { wiringOf } from './hosting.ts'
import { type World, world } from './world.ts'

/** Serves with more than was declared: what was not declared must not be used. */
const served = <N extends PortName, P, Q, B, R>(
  what: Operation<N, P, Q, B, R> | Job<N>,
  wiring: Wiring<PortName>,
): CloudFunction => serve<N, P, Q, B, R>(what, wiring as Wiring<N | 'table'>)

/** By id. */
export const FUNCTIONS: Record<string, (wiring: Wiring<PortName>) => CloudFunction> = {
  uploadTemporaryMedia: wiring => served(uploadTemporaryMedia, wiring),
  uploadMaterial: wiring => served(uploadMaterial, wiring),
  createArticle: wiring => served(createArticle, wiring),
  deleteMaterial: wiring => served(deleteMaterial, wiring),
  getMaterial: wiring => served(getMaterial, wiring),
  getMaterialStats: wiring => served(getMaterialStats, wiring),
  getTemporaryMedia: wiring => served(getTemporaryMedia, wiring),
  listMaterials: wiring => served(listMaterials, wiring),
  updateArticle: wiring => served(updateArticle, wiring),
  uploadArticleImage: wiring => served(uploadArticleImage, wiring),
  createUpload: wiring => served(createUpload, wiring),
  getUpload: wiring => served(getUpload, wiring),
  listUploads: wiring => served(listUploads, wiring),
  renewUploadUrl: wiring => served(renewUploadUrl, wiring),
  completeUpload: wiring => served(completeUpload, wiring),
  retryUpload: wiring => served(retryUpload, wiring),
  sweepUploads: wiring => served(sweepUploads, wiring),
  refreshToken: wiring => served(refreshToken, wiring),
  healthz: wiring => serveOpen(healthz, wiring),
}
/** Whether a recorded event is of one of them. */
export const isServed = (path: string): boolean => Object.hasOwn(FUNCTIONS, path.split('/')[0] ?? '')

/** The context of a run. */
export const CONTEXT = {
  request_id: '0f4c2a3e-6a51-4e55-8d0f-0c8f4a1d2b3c',
  time_limit_in_ms: 20_000,
  memory_limit_in_mb: 256,
}

/** A world whose time is the machine's, for hosts have the machine's clock. */
export async function hosted(): Promise<World> {
  const service = await world()
  vi.useFakeTimers({ toFake: ['Date'], now: service.clock.now() })
  return service
}

/** The function `id` over the world's ports. */
export const functionOf = (service: World, id: string): CloudFunction => {
  const make = FUNCTIONS[id]
  if (!make) throw new Error(`no function ${id}`)
  return make(wiringOf(service))
}
