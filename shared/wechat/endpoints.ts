/** WeChat's endpoints that this client knows, by their path below /cgi-bin/, and what a lost answer means for each. */

/** `read`: nothing changes at WeChat, so a lost answer may simply be asked for again. */
export type Effect = 'read' | 'write'

/** Token calls count as reads: a second one does no harm. */
export const ENDPOINTS = {
  token: 'read',
  stable_token: 'read',
  'media/upload': 'write',
  'media/get': 'read',
  'media/get/jssdk': 'read',
  'media/uploadimg': 'write',
  'material/add_material': 'write',
  'material/get_material': 'read',
  'material/del_material': 'write',
  'material/get_materialcount': 'read',
  'material/batchget_material': 'read',
  'material/add_news': 'write',
  'material/update_news': 'write',
  'draft/add': 'write',
  'draft/get': 'read',
  'draft/update': 'write',
  'draft/delete': 'write',
  'draft/count': 'read',
  'draft/batchget': 'read',
} as const satisfies Record<string, Effect>

/** The name of an endpoint. */
export type Endpoint = keyof typeof ENDPOINTS
