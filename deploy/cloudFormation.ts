/** The intrinsic functions of CloudFormation that the generated resources use. */

/** A value that CloudFormation computes. */
export type Intrinsic = { readonly [name: string]: unknown }
/** Text, or what CloudFormation makes of an intrinsic function. */
export type Text = string | Intrinsic

/** The value of a parameter or pseudo parameter, or a resource's name. */
export const ref = (name: string): Intrinsic => ({ Ref: name })
/** An attribute of a resource. */
export const attribute = (resource: string, name: string): Intrinsic => ({ 'Fn::GetAtt': [resource, name] })
/** One text of several. */
export const join = (...parts: Text[]): Intrinsic => ({ 'Fn::Join': ['', parts] })
/** One of two values, by a condition of the template. */
export const either = (condition: string, then: unknown, otherwise: unknown): Intrinsic => ({
  'Fn::If': [condition, then, otherwise],
})
/** A property that is left out. */
export const ABSENT = ref('AWS::NoValue')

/** `<service>-<stage>`: how everything of one deployment is named. */
export const STACK = ref('AWS::StackName')

/** The ARN of something in this account and region. */
export const arnOf = (service: string, ...resource: Text[]): Intrinsic =>
  join('arn:', ref('AWS::Partition'), `:${service}:`, ref('AWS::Region'), ':', ref('AWS::AccountId'), ':', ...resource)

/** A resource of a template. */
export interface Resource {
  Type: string
  Condition?: string
  Properties: Record<string, unknown>
}

/** The logical name that osls gives a function's resources: `getUpload` → `GetUpload`. */
export const logicalName = (id: string): string => `${id.slice(0, 1).toUpperCase()}${id.slice(1)}`
