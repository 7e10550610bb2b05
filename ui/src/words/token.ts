// The words of letting RedFlag make its own token.
export const makeToken = {
  ways: 'How the token is made', own: 'I make the token', made: 'Let RedFlag make it', lead: 'RedFlag signs in once, makes its own role, user and token with only the rights it needs, and signs out.',
  user: 'User', password: 'Password, used once', hint: 'It is used for one sign-in and forgotten. An account with a second factor cannot be used: make the token yourself then.', make: 'Make the token', making: 'Making it…', form: 'A user looks like root@pam.',
  done: (id: string) => `RedFlag made the token ${id}.`, doneText: 'The same as these lines, run as root. The secret went straight into the sealed store.',
} as const;
