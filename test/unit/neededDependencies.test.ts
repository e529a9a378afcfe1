import { expect, it } from 'vitest'
import { withNeededDependencies } from '../../scripts/neededDependencies.ts'

const template = (dependsOn: string[] | string, properties: Record<string, never> | object) => ({
  Resources: { X: { Type: 'AWS::X::Y', DependsOn: dependsOn, Properties: JSON.parse(JSON.stringify(properties)) } },
})

it('a dependency that a property makes is left out, and the rest stays in its order', () => {
  const made = withNeededDependencies(
    template(['Role', 'Log', 'Target', 'Other'], {
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Target' }]] },
    }),
  )
  expect(made).toMatchObject({ Resources: { X: { DependsOn: ['Log', 'Other'] } } })
})

it('a resource that depends on nothing else says nothing', () => {
  const made = withNeededDependencies(template('Role', { Role: { 'Fn::GetAtt': ['Role', 'Arn'] } }))
  expect(JSON.stringify(made)).not.toContain('DependsOn')
})

it('a dependency stays that only one branch of a condition makes', () => {
  const given = template(['Role'], { Role: { 'Fn::If': ['IsOn', { 'Fn::GetAtt': ['Role', 'Arn'] }, ''] } })
  expect(withNeededDependencies(given)).toEqual(given)
})
