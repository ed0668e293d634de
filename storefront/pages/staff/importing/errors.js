// Errors of single records.

/**
 * The record cannot be imported. `errors` lists every problem that was found: its `field` (null for the whole record)
 * and the `problem`.
 */
export class InvalidRecord extends Error {
  constructor(...errors) {
    super(errors.map(({ problem }) => problem).join(" "));
    this.errors = errors;
  }
}

const COLUMN_FIELDS = { quantity: "stock" }; // fields of the API that have another name in a file

/** The errors of a response, see RequestError. */
export function toInvalidRecord({ message, problem: { errors: fieldErrors = [] } }) {
  const errors = fieldErrors.map(({ pointer, detail }) => {
    const field = pointer.split("/")[1];
    return { field: COLUMN_FIELDS[field] ?? field, problem: detail };
  });
  return new InvalidRecord(...(errors.length ? errors : [{ field: null, problem: message }]));
}
