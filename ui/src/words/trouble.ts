// What is said when RedFlag itself does not answer, or the page cannot do its part.
export const trouble = {
  silent: 'RedFlag does not answer.', silentNext: 'See whether it still runs, then load this page again from the address it printed.', strange: 'RedFlag did not answer as it should.',
  clipboard: 'The text could not be put on the clipboard.', clipboardNext: 'Select it and copy it by hand.',
} as const;
