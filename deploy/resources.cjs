/** What serverless.yml loads of this folder; osls knows no TypeScript, Node does. */
module.exports = require('./resources.ts')
