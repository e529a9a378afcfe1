/**
 * The tests of operations that cannot hold on WeChat Cloud, each with its reason. A listed one must exist and fail there,
 * so that the list stays as short as it can be (a setup file of the vitest project `functions-wxcloud`).
 */
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, beforeEach, type RunnerTask, type RunnerTestFile } from 'vitest'

const NO_POLICY = 'the storage signs a PUT of one key, no policy of sizes and types'
const NO_EVENTS = 'the platform has no storage events, its storage no such keys'
const TEXT_LIMIT = 'the access service refuses text above 100 KB before a function sees it'
const NO_NAMES = 'a temporary link has the disposition that the object was written with, no name of its own'
const SHORT_RUNS = 'a run has 60 s: too little for a second look at the index, or for a sending of 110 s'
const TELLING = 'that the bytes are there is told by a request, which writes it down'

/** By file; a name is that of the test after those of its groups. */
const LISTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'createArticle.test.ts': {
    'before WeChat is asked a body of more than 256 KiB is read, one of more than 4 MiB is not': TEXT_LIMIT,
  },
  'createUpload.test.ts': {
    'an opened upload is CREATED with a policy for exactly one key and content type': NO_POLICY,
    'an opened upload allows exactly the declared size': NO_POLICY,
    'an opened upload gets the content type of its extension when the client knows none': NO_POLICY,
    'the door refuses a body over 256 KiB': TEXT_LIMIT,
  },
  'forwardUpload.test.ts': {
    'an event of a foreign prefix is ignored': NO_EVENTS,
    'an event of a path without upload is ignored': NO_EVENTS,
    'an event with a Chinese name is ignored': NO_EVENTS,
    'an event that climbs out is ignored': NO_EVENTS,
  },
  'forwardUploadFaults.test.ts': Object.fromEntries(
    [1, -1, 5, -5, 9].map(minutes => [
      `a sending is not taken for dead by a sweeper whose clock is ${minutes} minutes ahead`,
      SHORT_RUNS,
    ]),
  ),
  'getMaterial.test.ts': {
    'a file of type video of 10 MB comes back with equal SHA-256, its Chinese title and a name after it': NO_NAMES,
    'a file of type image that was uploaded here is downloaded under its own name': NO_NAMES,
    'a file of type voice that was uploaded here is downloaded under its own name': NO_NAMES,
    'a file of type thumb that was uploaded here is downloaded under its own name': NO_NAMES,
    'a file is downloaded under WeChat’s name when the same bytes were uploaded here as another material': NO_NAMES,
  },
  'getTemporaryMedia.test.ts': {
    'a temporary media of type image as png has a down_url': NO_NAMES,
    'a temporary media of type voice as amr has a down_url': NO_NAMES,
    'a temporary media of type voice as mp3 has a down_url': NO_NAMES,
    'a temporary media of type thumb as jpg has a down_url': NO_NAMES,
  },
  'mirrorTemporaryMedia.test.ts': {
    'the mirror tries every five minutes at least in the last day, and within a run in the last half': SHORT_RUNS,
  },
  'renewUploadUrl.test.ts': {
    'a fresh policy is for the same key and lives another 15 minutes': NO_POLICY,
  },
  'sameBytes.test.ts': {
    'the same file again costs no more than five table writes the first time, one of them for the counts of the library, two the second':
      TELLING,
  },
}

const absent = Object.keys(LISTED).filter(name => !existsSync(new URL(`../functions/${name}`, import.meta.url)))
if (absent.length > 0) throw new Error(`listed in notOnWxcloud.ts, but there are no such files: ${absent.join(', ')}`)

const nameOf = ({ fullTestName = '' }: { fullTestName?: string }): string => fullTestName.replaceAll(' > ', ' ')

let file: RunnerTestFile | undefined

beforeEach(({ task }) => {
  file = task.file
  // Vitest turns the outcome of such a test round: one that passes is a failure.
  if (Object.hasOwn(LISTED[basename(file.name)] ?? {}, nameOf(task))) Object.assign(task, { fails: true })
})

afterAll(() => {
  if (!file) return
  const names = new Set(testsOf(file).map(nameOf))
  const gone = Object.keys(LISTED[basename(file.name)] ?? {}).filter(name => !names.has(name))
  if (gone.length > 0) throw new Error(`listed in notOnWxcloud.ts, but there are no such tests: ${gone.join('; ')}`)
})

function testsOf({ tasks }: { tasks: RunnerTask[] }): RunnerTask[] {
  return tasks.flatMap(task => ('tasks' in task ? testsOf(task) : [task]))
}
