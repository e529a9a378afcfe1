/** Lambda's Invoke API over the local functions, so that they call each other by the requests that go to AWS. */
import { FunctionFailure, type FunctionRunner, isTooLarge } from './functionRunner.ts'
import { listen, type RunningServer, readBody, sendJson } from './httpServer.ts'
import type { StackControl } from './stackControl.ts'

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const PATH = /^\/2015-03-31\/functions\/([\w-]+)\/invocations$/
const MAX_BODY_BYTES = 8 * 1024 * 1024

/** Starts the server on a free port; `control` has the first look. */
export function startInvokeServer(
  runner: FunctionRunner,
  control: StackControl = () => undefined,
): Promise<RunningServer> {
  return listen(0, async (request, response) => {
    try {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      const id = PATH.exec(pathname)?.[1]
      const body = await readBody(request, MAX_BODY_BYTES)
      if (request.method !== 'POST') return sendJson(response, 404, { Message: 'not an invocation' })
      if (!body || isTooLarge(body.length)) return sendJson(response, 413, { Message: 'the payload is too large' })
      const event: unknown = body.length > 0 ? JSON.parse(body.toString('utf8')) : {}
      const controlled = control(pathname, event)
      if (controlled) return sendJson(response, 200, controlled)
      if (!id) return sendJson(response, 404, { Message: 'not an invocation' })
      if (request.headers['x-amz-invocation-type'] === 'Event') {
        runner.send(id, event)
        response.writeHead(202).end()
        return
      }
      sendJson(response, 200, (await runner.call(id, event)) ?? null)
    } catch (error) {
      if (!(error instanceof FunctionFailure)) return sendJson(response, 400, { Message: 'the payload is no JSON' })
      if (error.kind === 'unknown') return sendJson(response, 404, { Message: error.message })
      response.setHeader('x-amz-function-error', 'Unhandled')
      sendJson(response, 200, { errorType: error.kind, errorMessage: error.message })
    }
  })
}
