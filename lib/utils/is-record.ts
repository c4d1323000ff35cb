/** Whether it is an object, whose properties can be read. True for arrays too. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
