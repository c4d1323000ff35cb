// What a table of levels says, as ava takes it: options stay as they are, the rest names compiled files below test/.

export const avaArguments = (level: readonly string[]): string[] =>
  level.map(argument => argument.replace(/^(!?)([^-].*)$/, '$1dist/test/$2.test.js'));
