// Maps the fields of a product to the columns of a file, by the columns' names.
import { get } from "/shop/api.js";

export const REQUIRED_FIELDS = ["sku", "name", "price"];

/** Field to column; "" for a field without one. */
export async function mapColumns(columns) {
  const unused = new Set(columns);
  const columnOf = {};
  // `./souk import` uses the same file.
  for (const [field, names] of Object.entries(await get("/pages/staff/importing/columns.json"))) {
    const findColumn = (name) => [...unused].find((column) => normalize(column) === name);
    columnOf[field] = names.map(findColumn).find(Boolean) ?? "";
    unused.delete(columnOf[field]);
  }
  return columnOf;
}

/** Lower case, letters and digits only. */
const normalize = (column) => column.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
