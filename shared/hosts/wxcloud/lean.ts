/** There is no SDK to do without: the ports themselves. */
export { secrets, table } from './ports.ts'
