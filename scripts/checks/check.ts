/** One check of `npm run check`: answers what is wrong, a line each; nothing when all is well. */
export interface Check {
  readonly name: string;
  run(): Promise<readonly string[]> | readonly string[];
}
