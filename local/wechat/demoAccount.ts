/** The account that `npm run simulator` and the local stack know from the start. */

/** app_id, AppSecret and message push of the demo account; they open nothing but the simulator. */
export const DEMO_ACCOUNT = {
  appId: 'wx0123456789abcdef',
  secret: 'demo-secret-of-the-simulator',
  callback: { token: 'demoToken', aes_key: 'demoEncodingAESKeyOfTheSimulator0123456789A' },
} as const
