/** `npm run package`: its template is one that CloudFormation takes, its roles allow what the table says, and it is reproducible. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { logicalName } from '../deploy/cloudFormation.ts'
import { EGRESS_PERMISSIONS, grantsOf, WILDCARDS } from '../deploy/permissions.ts'
import { ROOT } from '../scripts/bundle.ts'
import { FUNCTIONS } from '../scripts/functionList.ts'
import { bareLambda, type Outcome } from './support/bareLambda.ts'
import { fileBytes } from './support/files.ts'
import { allowedBy, statementsIn } from './support/rolePolicies.ts'
import { findings, Template } from './support/templateRules.ts'

const PACKAGED = join(ROOT, 'out', 'package')
const PACKAGING_LIMIT_MS = 240_000
/** No credentials, no profile, no region: nothing of AWS. */
const home = mkdtempSync(join(tmpdir(), 'sucai-home-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const packaged = async (...args: string[]): Promise<string> => {
  const env = { PATH: process.env['PATH'], HOME: home, SOURCE_DATE_EPOCH: '1795651200' }
  await promisify(execFile)(process.execPath, ['scripts/package.ts', ...args], { cwd: ROOT, env })
  return readFileSync(join(PACKAGED, 'SHA256SUMS'), 'utf8')
}
const readTemplate = (): Template =>
  Template.parse(JSON.parse(readFileSync(join(PACKAGED, 'cloudformation-template-update-stack.json'), 'utf8')))

let sums = ''
let template: Template
beforeAll(async () => {
  sums = await packaged()
  template = readTemplate()
}, PACKAGING_LIMIT_MS)

const ofType = (type: string) => Object.entries(template.Resources).filter(([, { Type }]) => Type === type)
const properties = (name: string): Record<string, unknown> => template.Resources[name]?.Properties ?? {}

describe('the template', () => {
  it('is one that the specification of CloudFormation allows', () => {
    expect(findings(template)).toEqual([])
  })

  it('has a function, a role and a log group with an end for each function', () => {
    for (const { id } of FUNCTIONS) {
      const name = logicalName(id)
      expect(properties(`${name}LambdaFunction`), id).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        MemorySize: 256,
        Role: { 'Fn::GetAtt': [`${name}Role`, 'Arn'] },
      })
      expect(properties(`${name}LogGroup`)['RetentionInDays'], id).toBe(30)
    }
    expect(ofType('AWS::Lambda::Function')).toHaveLength(FUNCTIONS.length)
    expect(ofType('AWS::IAM::Role')).toHaveLength(FUNCTIONS.length)
  })

  it('logs no query string and no header of a request', () => {
    const { Format } = Object(properties('HttpApiStage')['AccessLogSettings'])
    const variables = String(Format).match(/\$context[\w.]+/g) ?? []
    expect(variables).toContain('$context.path')
    expect(variables.filter(name => /query|header|authorizer|rawPath/i.test(name))).toEqual([])
  })

  it('has a bucket that nobody reads but by TLS and signature', () => {
    expect(properties('S3BucketMedia')).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    })
    expect(properties('S3BucketMedia')['BucketEncryption']).toBeDefined()
    const [policy] = statementsIn(template.Resources['BucketPolicy'])
    expect(policy).toMatchObject({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })
  })

  it('notifies of posted files alone, so that our own copies start nothing', () => {
    const { LambdaConfigurations } = Object(properties('S3BucketMedia')['NotificationConfiguration'])
    expect(LambdaConfigurations).toMatchObject([{ Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'in/' }] } } }])
  })

  it('keeps the data when the stack goes', () => {
    const kept = Object.entries(template.Resources).filter(([, { DeletionPolicy }]) => DeletionPolicy === 'Retain')
    const names = kept.map(([name]) => name).sort()
    expect(names).toEqual(['BucketPolicy', 'EgressAddress', 'S3BucketMedia', 'SecretsKey', 'Table'])
  })

  it('tells one topic of every alarm', () => {
    const alarms = ofType('AWS::CloudWatch::Alarm')
    expect(alarms.length).toBeGreaterThan(5)
    for (const [name, { Properties }] of alarms)
      expect(Properties['AlarmActions'], name).toEqual([{ Ref: 'AlarmTopic' }])
  })
})

describe('the alarms', () => {
  it('notice within five minutes that the refresher is silent', () => {
    expect(properties('RefresherSilentAlarm')).toMatchObject({
      MetricName: 'TokenAge',
      Statistic: 'SampleCount',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      Period: 300,
      EvaluationPeriods: 1,
      TreatMissingData: 'breaching',
    })
  })

  it('over several periods do not wait for figures that never come', () => {
    const patient = ofType('AWS::CloudWatch::Alarm').filter(
      ([, { Properties }]) => Properties['EvaluationPeriods'] !== 1,
    )
    expect(patient.map(([name]) => name)).toEqual(['TokenTooOldAlarm'])
    for (const [, { Properties }] of patient) expect(Properties['TreatMissingData']).toBe('notBreaching')
  })
})

describe('the dependencies', () => {
  it('are only those that no property says already', () => {
    const doubled = Object.entries(template.Resources).flatMap(([name, { DependsOn = [], Properties }]) =>
      [DependsOn]
        .flat()
        .filter(other => JSON.stringify(Properties).includes(`{"Fn::GetAtt":["${other}"`))
        .map(other => `${name} ${other}`),
    )
    expect(doubled).toEqual([])
    expect(template.Resources['HealthzLambdaFunction']?.DependsOn).toEqual(['HealthzLogGroup'])
  })
})

describe('the roles', () => {
  it.each(FUNCTIONS.map(({ id }) => id))('%s may do what the table says and nothing else', id => {
    const table = [...grantsOf(id), ...(EGRESS_PERMISSIONS[id] ?? [])].map(grant => grant.join(' '))
    expect(allowedBy(id, template.Resources[`${logicalName(id)}Role`]).sort()).toEqual(table.sort())
  })

  it('are all that may do anything: no managed policy, nobody but Lambda takes them on', () => {
    for (const [name, { Properties }] of ofType('AWS::IAM::Role')) {
      expect(Object.keys(Properties).sort(), name).toEqual(['AssumeRolePolicyDocument', 'Description', 'Policies'])
      expect(Properties['AssumeRolePolicyDocument']).toMatchObject({
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      })
    }
    for (const kind of ['Policy', 'ManagedPolicy', 'UserPolicy', 'RolePolicy']) {
      expect(ofType(`AWS::IAM::${kind}`)).toEqual([])
    }
  })

  it('have no bare * but those with a reason', () => {
    const bare = ofType('AWS::IAM::Role').flatMap(([name, { Properties }]) =>
      statementsIn(Properties['Policies'])
        .filter(({ Effect }) => Effect === 'Allow')
        .flatMap(({ Action, Resource = [] }) =>
          Action.filter(action => action.includes('*') || Resource.includes('*')).map(action => `${name} ${action}`),
        ),
    )
    const reasoned = WILDCARDS.map(({ function: id, action }) => `${logicalName(id)}Role ${action}`)
    expect(bare.sort()).toEqual(reasoned.sort())
    for (const { reason } of WILDCARDS) expect(reason).not.toBe('')
  })

  it('open an AppSecret for the refresher alone', () => {
    const openers = FUNCTIONS.filter(({ id }) => grantsOf(id).some(([action]) => action === 'kms:Decrypt'))
    expect(openers.filter(({ id }) => grantsOf(id).some(grant => grant[1] === 'secret/app_secret'))).toMatchObject([
      { id: 'refreshToken' },
    ])
  })

  it('read tokens only for functions that call WeChat or tell of tokens', () => {
    const readers = FUNCTIONS.filter(({ id }) => grantsOf(id).some(([, resource]) => resource === 'rows/TOKEN'))
    const quiet = readers.filter(({ ports }) => !ports.includes('wechat') && !ports.includes('secrets'))
    expect(quiet.map(({ id }) => id).sort()).toEqual(['deleteAccount', 'listAccounts', 'putAccount'])
  })
})

describe('the zips', () => {
  const APP_ID = 'wx0123456789abcdef'
  const SECRET = 'an-app-secret-of-the-simulator'
  const Http = z.object({ statusCode: z.int(), body: z.string() })

  /** A recorded event with the key in its place; `change` replaces some of its fields. */
  const recorded = (id: string, kind: string, key: string, change: Record<string, unknown> = {}): unknown => {
    const text = readFileSync(join(ROOT, 'events', id, `ok.${kind}.json`), 'utf8')
    return { ...JSON.parse(text.replaceAll('REPLACE_WITH_AN_API_KEY', key)), ...change }
  }
  const answered = ({ answer, failure, log }: Outcome) => {
    expect(failure, log).toBeUndefined()
    const { statusCode, body } = Http.parse(answer)
    const json: unknown = body.startsWith('{') ? JSON.parse(body) : body
    return { statusCode, json: Object(json) }
  }

  it(
    'bring up an empty deployment: the first key, an account, a file in WeChat',
    async () => {
      await using lambda = await bareLambda(PACKAGED, { appId: APP_ID, secret: SECRET })
      const { answer } = await lambda.run('bootstrap', recorded('bootstrap', 'call', ''))
      const { key } = z.object({ key: z.string() }).parse(answer)
      const again = await lambda.run('bootstrap', {})
      expect(again.failure).toContain('made already')

      const account = answered(await lambda.run('putAccount', recorded('putAccount', 'apigw', key)))
      expect(account, JSON.stringify(account.json)).toMatchObject({ statusCode: 200 })

      const bytes = fileBytes('png', 700)
      const declared = { type: 'image', filename: '封面 终稿.png', size: bytes.length, content_type: 'image/png' }
      const opened = answered(
        await lambda.run('createUpload', recorded('createUpload', 'apigw', key, { body: JSON.stringify(declared) })),
      )
      expect(opened).toMatchObject({ statusCode: 201 })
      const { data } = z
        .object({
          data: z.object({ upload_id: z.string(), url: z.string(), fields: z.record(z.string(), z.string()) }),
        })
        .parse(opened.json)
      const form = new FormData()
      for (const [name, value] of Object.entries(data.fields)) form.append(name, value)
      form.append('file', new Blob([new Uint8Array(bytes)]))
      expect((await fetch(data.url, { method: 'POST', body: form })).status).toBe(204)

      const object = { key: String(data.fields['key']), size: bytes.length, eTag: '' }
      const record = { eventSource: 'aws:s3', eventName: 'ObjectCreated:Post', s3: { object } }
      expect((await lambda.run('forwardUpload', { Records: [record] })).failure).toBeUndefined()
      const path = `/wechat/uploads/${data.upload_id}`
      const state = recorded('getUpload', 'apigw', key, { rawPath: path, pathParameters: { uploadId: data.upload_id } })
      expect(answered(await lambda.run('getUpload', state))).toMatchObject({
        statusCode: 200,
        json: { data: { state: 'STORED', filename: declared.filename } },
      })

      // Deleting the account comes last; whoever needs what these events do not bring says so, and never fails.
      const rest = FUNCTIONS.filter(({ id }) => !['bootstrap', 'putAccount', 'deleteAccount'].includes(id))
      for (const { id, kind } of [...rest, ...FUNCTIONS.filter(({ id }) => id === 'deleteAccount')]) {
        const event =
          kind === 'operation' ? 'apigw' : existsSync(join(ROOT, 'events', id, 'ok.call.json')) ? 'call' : 'schedule'
        const outcome = await lambda.run(id, recorded(id, event, key))
        expect(outcome.loaded, id).toEqual([lambda.bundleOf(id)])
        expect(outcome.log, id).not.toMatch(/ERR_ACCESS_DENIED|Cannot find module/)
        if (kind === 'job') expect(outcome.failure, `${id}: ${outcome.log}`).toBeUndefined()
        else expect(answered(outcome).statusCode, `${id}: ${outcome.log}`).toBeLessThan(500)
        for (const secret of [key, SECRET]) expect(outcome.log, id).not.toContain(secret)
      }
    },
    PACKAGING_LIMIT_MS,
  )
})

describe('a second run', () => {
  it(
    'gives the same bytes',
    async () => {
      expect(await packaged()).toBe(sums)
      expect(sums.trimEnd().split('\n')).toHaveLength(FUNCTIONS.length + 3)
    },
    PACKAGING_LIMIT_MS,
  )
})
