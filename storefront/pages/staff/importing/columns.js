// Which column of a file is which field of a product, guessed by its name.
import { get } from "/shop/api.js";

/** The column of each field, "" for one that has none. */
export async function guess(found) {
  const free = new Set(found);
  const chosen = {};
  for (const [field, names] of Object.entries(await get("/pages/staff/importing/columns.json"))) {
    const named = (name) => [...free].find((column) => plain(column) === name);
    chosen[field] = names.map(named).find(Boolean) ?? "";
    free.delete(chosen[field]);
  }
  return chosen;
}

const plain = (column) => column.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
