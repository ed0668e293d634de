// What can be wrong with one line of a file.

/** A line that cannot become a product as it stands; a fault is a `field`, null for the whole line, and its `problem`. */
export class Faulty extends Error {
  constructor(...faults) {
    super(faults.map(({ problem }) => problem).join(" "));
    this.faults = faults;
  }
}

const OURS = { quantity: "stock" }; // what the shop calls otherwise than a file

/** What the shop says is wrong, in its own words. */
export function refusal({ message, problem: { errors = [] } }) {
  const faults = errors.map(({ pointer, detail }) => {
    const field = pointer.split("/")[1];
    return { field: OURS[field] ?? field, problem: detail };
  });
  return new Faulty(...(faults.length ? faults : [{ field: null, problem: message }]));
}
